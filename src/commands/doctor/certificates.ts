// The certificates that this server is given for HTTPS: readable, with their keys, and for how long they hold.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../../config.ts';
import { type Finding, failure, ok, reasonOf, warning } from './finding.ts';

const TOPIC = 'certificate';
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

/** What the end of a certificate means. */
export function endFinding(name: string, end: Date): Finding {
  const days = Math.floor((end.getTime() - Date.now()) / DAY_MS);
  const until = end.toISOString().slice(0, 10);
  if (days < 0) return failure(TOPIC, `${name} ended on ${until}`, 'Renew it.');
  if (days < SOON_DAYS) return warning(TOPIC, `${name} ends on ${until}, in ${days} days`, 'Renew it.');
  return ok(TOPIC, `${name} holds until ${until}`);
}

/** No finding while this server does no TLS. */
export function checkCertificates({ tls }: Config): Finding[] {
  return (tls?.pairs ?? []).map(({ certFile, keyFile }) => {
    try {
      const certificate = new X509Certificate(readFileSync(certFile));
      if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile))))
        return failure(TOPIC, `${keyFile} is not the key of ${certFile}`, 'Name files that belong together.');
      return endFinding(certFile, new Date(certificate.validTo));
    } catch (err) {
      const remedy = 'See CODER_TLS_CERT_FILE and CODER_TLS_KEY_FILE, and who may read them.';
      return failure(TOPIC, `${certFile} and its key cannot be used: ${reasonOf(err)}`, remedy);
    }
  });
}
