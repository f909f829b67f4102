// TLS to Postgres with libpq's meaning of its modes and files.
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import { StartError } from '../start-error.ts';
import type { ConnectionSettings } from './connection-url.ts';

function read(settings: ConnectionSettings, parameter: string): string | undefined {
  const path = settings.tls[parameter];
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (err) {
    throw new StartError(
      `The file of ${parameter} in the database connection URL cannot be read: ${(err as Error).message}`,
    );
  }
}

const versions: Readonly<Record<string, true>> = { TLSv1: true, 'TLSv1.1': true, 'TLSv1.2': true, 'TLSv1.3': true };

function version(settings: ConnectionSettings, parameter: string) {
  const value = settings.tls[parameter];
  if (value === undefined || value === '') return undefined;
  if (!versions[value])
    throw new StartError(
      `The database connection URL has an unknown ${parameter}: it may be ${Object.keys(versions).join(', ')}.`,
    );
  return value as ConnectionOptions['minVersion'];
}

const anyName = () => undefined;

/**
 * How a connection is encrypted under the modes that encrypt.
 * - `allow`, `prefer`, `require`: whoever answers; `require` with a root certificate is `verify-ca`
 * - `verify-ca`: somebody with a certificate of that authority. Without one there are only the authorities that everybody
 *   trusts, and those vouch for names: then it is `verify-full`
 * - `verify-full`: the host that the URL names
 * @throws StartError for files that cannot be read
 */
export function tlsOptions(settings: ConnectionSettings): ConnectionOptions {
  const { sslMode, tls } = settings;
  const isSystem = tls.sslrootcert === 'system';
  const authority = isSystem ? undefined : read(settings, 'sslrootcert');
  const ca = isSystem ? [...getCACertificates('default'), ...getCACertificates('system')] : authority;
  const isVerified = sslMode.startsWith('verify-') || (sslMode === 'require' && authority !== undefined);
  const isNamed = sslMode === 'verify-full' || authority === undefined;
  const files = {
    ca,
    cert: read(settings, 'sslcert'),
    key: read(settings, 'sslkey'),
    crl: read(settings, 'sslcrl'),
    passphrase: tls.sslpassword,
    minVersion: version(settings, 'ssl_min_protocol_version'),
    maxVersion: version(settings, 'ssl_max_protocol_version'),
  };
  return {
    ...Object.fromEntries(Object.entries(files).filter(([, value]) => value !== undefined)),
    rejectUnauthorized: isVerified,
    ...(isVerified && !isNamed && { checkServerIdentity: anyName }),
  };
}
