// coder-users doctor: looks at everything that a server with these settings needs, and says what is wrong and what to do.
import pino from 'pino';
import { readSettings } from '../config.ts';
import { trustAuthorities } from '../outgoing/authorities.ts';
import { useProxies } from '../outgoing/proxies.ts';
import { withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';
import type { Command, CommandInput } from './command.ts';
import { POSTGRES_URL_OPTION, withDatabaseUrl } from './database.ts';
import { checkAddress } from './doctor/address.ts';
import { checkCertificates } from './doctor/certificates.ts';
import { checkDatabase } from './doctor/database.ts';
import { checkDisk } from './doctor/disk.ts';
import { type Finding, failure, reasonOf } from './doctor/finding.ts';
import { checkKeys } from './doctor/keys.ts';
import { checkMail } from './doctor/mail.ts';
import { checkProviders } from './doctor/provider.ts';
import { checkSettings } from './doctor/settings.ts';
import { say } from './say.ts';

/** Which deployment the database belongs to. */
async function deploymentOf(url: string | undefined): Promise<string | undefined> {
  if (url === undefined) return undefined;
  const ask = withClient(url, (client) =>
    client.query<{ value: string }>(`select value from site_settings where key = 'deployment_id'`),
  );
  // Without the table there is no deployment yet.
  return (await ask.catch(() => undefined))?.rows[0]?.value;
}

async function examine({ env, flags }: Pick<CommandInput, 'env' | 'flags'>): Promise<Finding[]> {
  const log = pino({ level: 'silent' });
  const settings = (() => {
    try {
      const read = readSettings(withDatabaseUrl(env, flags['postgres-url']));
      // Everything is asked as the server would ask it.
      trustAuthorities(read.config.outgoing);
      useProxies(read.config.outgoing);
      return read;
    } catch (err) {
      return reasonOf(err);
    }
  })();
  if (typeof settings === 'string')
    return [failure('settings', settings, 'The server does not start like this; docs/settings.md has every setting.')];
  const { config, notes } = settings;
  const [database, mail, providers] = await Promise.all([
    checkDatabase(config, log),
    checkMail(config),
    checkProviders(config),
  ]);
  return [
    ...checkSettings(config, notes),
    ...database.findings,
    ...(await checkKeys(config, database.url)),
    ...checkDisk(config),
    ...checkCertificates(config),
    ...mail,
    ...providers,
    ...(await checkAddress(config, await deploymentOf(database.url))),
  ];
}

const line = ({ topic, state, text, remedy }: Finding): string =>
  `${state.padEnd(8)}${topic}: ${text}${remedy === undefined ? '' : `\n        ${remedy}`}`;

export const doctorCommand: Command = {
  summary: 'Look at settings, database, keys, mail, providers, disk and address: what is wrong, and what to do.',
  options: { json: { help: 'as JSON' }, 'postgres-url': POSTGRES_URL_OPTION },
  examples: ['doctor', 'doctor --json'],
  notes: `Run it with the settings of the server, beside it or before its first start. It writes nothing and sends no mail.
Exit code 0 when there is no failure (warnings are none), 1 when there is one.`,
  async run({ env, flags, switches }) {
    const findings = await examine({ env, flags });
    const failures = findings.filter(({ state }) => state === 'failure').length;
    say(
      switches.has('json') ? JSON.stringify({ ok: failures === 0, findings }, null, 2) : findings.map(line).join('\n'),
    );
    if (failures > 0) throw new StartError(`${failures} ${failures === 1 ? 'failure' : 'failures'}.`);
  },
};
