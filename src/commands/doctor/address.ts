// The access URL as clients use it: whether this server answers there, and for how long its certificate holds.
import { connect } from 'node:tls';
import type { Config } from '../../config.ts';
import { healthUrl } from '../health.ts';
import { endFinding } from './certificates.ts';
import { type Finding, failure, ok, reasonOf, warning } from './finding.ts';

const TOPIC = 'address';
const TIMEOUT_MS = 5000;

const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' });

async function isRunning(config: Config): Promise<boolean> {
  return get(healthUrl(config.http)).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Which deployment answers at the access URL. @throws what `fetch` throws, or an Error for another kind of answer */
async function answering(accessUrl: string): Promise<string> {
  const answer = await get(`${accessUrl}/api/v2/buildinfo`);
  const body = (await answer.json().catch(() => ({}))) as { deployment_id?: unknown };
  if (answer.status !== 200 || typeof body.deployment_id !== 'string')
    throw new Error(`something answers there that is no server of this API (status ${answer.status})`);
  return body.deployment_id;
}

/** When the certificate that is shown at an https address ends. */
function certificateEnd(accessUrl: string): Promise<Date> {
  const { hostname, port } = new URL(accessUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    // Looked at, not trusted: whether it is trusted is what the request before has shown.
    const socket = connect({ host, port: Number(port || 443), servername: host, rejectUnauthorized: false }, () => {
      resolve(new Date(socket.getPeerCertificate().valid_to));
      socket.destroy();
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')));
    socket.once('error', reject);
  });
}

async function checkCertificate(accessUrl: string): Promise<Finding[]> {
  const end = await certificateEnd(accessUrl).catch(() => undefined);
  return end === undefined ? [] : [endFinding(`that of ${accessUrl}`, end)];
}

/** @param deploymentId of the database, when it is known */
export async function checkAddress(config: Config, deploymentId: string | undefined): Promise<Finding[]> {
  const { accessUrl } = config;
  const found: Finding[] = [];
  try {
    const id = await answering(accessUrl);
    found.push(
      deploymentId === undefined || id === deploymentId
        ? ok(TOPIC, `the server answers at ${accessUrl}`)
        : failure(
            TOPIC,
            `another deployment answers at ${accessUrl}`,
            'See where the name and the proxy lead, or set CODER_ACCESS_URL.',
          ),
    );
  } catch (err) {
    found.push(
      (await isRunning(config))
        ? failure(
            TOPIC,
            `the server runs, but ${accessUrl} does not lead to it: ${reasonOf(err)}`,
            'See CODER_ACCESS_URL, the name, the proxy before the server and its certificate.',
          )
        : warning(TOPIC, `no server answers at ${accessUrl}: ${reasonOf(err)}`, 'Start it, then ask again.'),
    );
  }
  return /^https:/i.test(accessUrl) ? [...found, ...(await checkCertificate(accessUrl))] : found;
}
