// Settings of outgoing mail, under the names CODER_EMAIL_* or, older, CODER_NOTIFICATIONS_EMAIL_*.

import { accessSync, constants, readFileSync } from 'node:fs';
import { ConfigError, type Reader } from './values.ts';

export interface EmailConfig {
  readonly smarthost: { readonly host: string; readonly port: number };
  readonly from: string;
  /** The name given in HELO/EHLO. */
  readonly hello: string;
  /** TLS from the first byte. */
  readonly forceTls: boolean;
  readonly auth: { readonly identity?: string; readonly username?: string; readonly password?: string };
  readonly tls: {
    readonly startTls: boolean;
    readonly serverName?: string;
    readonly insecureSkipVerify: boolean;
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
  };
}

/** Splits `host:port`, `[::1]:port` or `:port` (an empty host); undefined when it is none of them. */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([0-9a-f:.%a-z]+)\]|([^[\]:\s/@]*)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  return digits === '' || port > 65535 ? undefined : { host: bracketed ?? plain, port };
}

function present<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: string });
}

/** Reads the mail settings; null while no relay (SMARTHOST) is set. Throws ConfigError. */
export function readEmail(reader: Reader): EmailConfig | null {
  const variable = (suffix: string): string => {
    const older = `CODER_NOTIFICATIONS_EMAIL_${suffix}`;
    const name = `CODER_EMAIL_${suffix}`;
    return reader.raw(name) === undefined && reader.raw(older) !== undefined ? older : name;
  };
  const raw = (suffix: string): string | undefined => reader.raw(variable(suffix));
  const unreadable = (suffix: string): ConfigError =>
    new ConfigError(variable(suffix), `the file ${JSON.stringify(raw(suffix))} cannot be read`);
  const file = (suffix: string): string | undefined => {
    const path = raw(suffix);
    if (path === undefined) return undefined;
    try {
      accessSync(path, constants.R_OK);
      return path;
    } catch {
      throw unreadable(suffix);
    }
  };

  const forceTls = reader.boolean(variable('FORCE_TLS'), false);
  const startTls = reader.boolean(variable('TLS_STARTTLS'), false);
  const insecureSkipVerify = reader.boolean(variable('TLS_SKIPVERIFY'), false);
  const address = raw('SMARTHOST');
  if (address === undefined) return null;

  const smarthost = splitHostPort(address);
  if (smarthost === undefined || smarthost.host === '' || smarthost.port === 0) {
    throw new ConfigError(variable('SMARTHOST'), `${JSON.stringify(address)} is not of the form host:port`);
  }
  const from = raw('FROM');
  if (from === undefined) throw new ConfigError('CODER_EMAIL_FROM', `is needed with ${variable('SMARTHOST')}`);

  let password = raw('AUTH_PASSWORD');
  const passwordFile = raw('AUTH_PASSWORD_FILE');
  if (passwordFile !== undefined) {
    if (password !== undefined) {
      throw new ConfigError(
        variable('AUTH_PASSWORD_FILE'),
        `cannot be used together with ${variable('AUTH_PASSWORD')}`,
      );
    }
    try {
      password = readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '');
    } catch {
      throw unreadable('AUTH_PASSWORD_FILE');
    }
  }
  const certFile = file('TLS_CERTFILE');
  const keyFile = file('TLS_CERTKEYFILE');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ConfigError(variable('TLS_CERTFILE'), `is only of use together with ${variable('TLS_CERTKEYFILE')}`);
  }
  return {
    smarthost,
    from,
    hello: raw('HELLO') ?? 'localhost',
    forceTls,
    auth: {
      ...present('identity', raw('AUTH_IDENTITY')),
      ...present('username', raw('AUTH_USERNAME')),
      ...present('password', password),
    },
    tls: {
      startTls,
      ...present('serverName', raw('TLS_SERVERNAME')),
      insecureSkipVerify,
      ...present('caFile', file('TLS_CACERTFILE')),
      ...present('certFile', certFile),
      ...present('keyFile', keyFile),
    },
  };
}
