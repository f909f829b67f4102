// Whom outgoing TLS connections trust: the authorities that come along, the system's, and those that the operator names.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tls from 'node:tls';
import type { OutgoingConfig } from '../config/outgoing.ts';
import { StartError } from '../start-error.ts';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function read<T>(variable: string, path: string, work: (path: string) => T): T {
  try {
    return work(path);
  } catch (err) {
    throw new StartError(
      `${variable}: ${JSON.stringify(path)} cannot be read (${(err as NodeJS.ErrnoException).code})`,
    );
  }
}

const certificatesIn = (file: string): string[] => readFileSync(file, 'utf8').match(PEM) ?? [];

function fromFile(path: string): string[] {
  const found = read('SSL_CERT_FILE', path, certificatesIn);
  if (found.length > 0) return found;
  throw new StartError(`SSL_CERT_FILE: the file ${JSON.stringify(path)} holds no certificate in PEM form`);
}

/** Such folders hold other things, too, and links that lead nowhere: what is no certificate is passed over. */
function fromFolder(path: string): string[] {
  return read('SSL_CERT_DIR', path, (folder) => readdirSync(folder)).flatMap((name) => {
    try {
      return certificatesIn(join(path, name));
    } catch {
      return [];
    }
  });
}

let trusted: OutgoingConfig | undefined;

/**
 * Makes every outgoing connection that names no authority of its own - providers, mail, the database - trust the system's
 * authorities and those of the settings, beside the ones that come along.
 * @throws StartError for files that cannot be read or hold no certificate
 */
export function trustAuthorities(config: OutgoingConfig): void {
  if (trusted === config) return;
  trusted = config;
  const named = [
    ...(config.certFile === '' ? [] : fromFile(config.certFile)),
    ...config.certFolders.flatMap(fromFolder),
  ];
  // What comes along can; the first releases of Node.js 24 could not.
  if (typeof tls.setDefaultCACertificates !== 'function') {
    if (named.length > 0) throw new StartError('SSL_CERT_FILE and SSL_CERT_DIR need Node.js 24.5 or later.');
    return;
  }
  const known = [...tls.getCACertificates('default'), ...tls.getCACertificates('system')];
  tls.setDefaultCACertificates([...new Set([...known, ...named])]);
}
