// Settings of outgoing mail, under the names CODER_EMAIL_* or, older, CODER_NOTIFICATIONS_EMAIL_*.

import { accessSync, constants } from 'node:fs';
import { type OutgoingConfig, tunnelTo } from './outgoing.ts';
import { ConfigError, type Reader, splitHostPort } from './values.ts';

export interface EmailConfig {
  readonly smarthost: { readonly host: string; readonly port: number };
  readonly from: string;
  /** The name given in HELO/EHLO. */
  readonly hello: string;
  /** TLS from the first byte. */
  readonly forceTls: boolean;
  /** The proxy that makes a tunnel to the relay. */
  readonly proxy?: string;
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

function present<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: string });
}

/** The path that a variable holds, of a file that can be read. */
function readablePath(reader: Reader, name: string): string | undefined {
  const path = reader.raw(name);
  if (path === undefined) return undefined;
  try {
    accessSync(path, constants.R_OK);
    return path;
  } catch {
    throw new ConfigError(name, `the file ${JSON.stringify(path)} cannot be read`);
  }
}

/** The password under either name, each as a text or as a file. */
function readPassword(reader: Reader): string | undefined {
  const [name, older] = ['CODER_EMAIL_AUTH_PASSWORD', 'CODER_NOTIFICATIONS_EMAIL_AUTH_PASSWORD'];
  const [password, olderPassword] = [reader.secret(name), reader.secret(older)];
  if (password !== undefined && olderPassword !== undefined) reader.setIdle(older, `has no effect beside ${name}`);
  return password ?? olderPassword;
}

/** Reads the mail settings; null while no relay (SMARTHOST) is set. Throws ConfigError. */
export function readEmail(reader: Reader, outgoing: OutgoingConfig): EmailConfig | null {
  const variable = (suffix: string) =>
    reader.eitherName(`CODER_EMAIL_${suffix}`, `CODER_NOTIFICATIONS_EMAIL_${suffix}`);
  const raw = (suffix: string): string | undefined => reader.raw(variable(suffix));
  const paths = {
    ca: variable('TLS_CACERTFILE'),
    cert: variable('TLS_CERTFILE'),
    key: variable('TLS_CERTKEYFILE'),
  };
  const settings = {
    smarthost: raw('SMARTHOST'),
    from: raw('FROM'),
    hello: raw('HELLO') ?? 'localhost',
    forceTls: reader.boolean(variable('FORCE_TLS'), false),
    startTls: reader.boolean(variable('TLS_STARTTLS'), false),
    insecureSkipVerify: reader.boolean(variable('TLS_SKIPVERIFY'), false),
    identity: raw('AUTH_IDENTITY'),
    username: raw('AUTH_USERNAME'),
    password: readPassword(reader),
    serverName: raw('TLS_SERVERNAME'),
  };
  const { hello, forceTls, startTls, insecureSkipVerify } = settings;
  if (settings.smarthost === undefined) {
    for (const prefix of ['CODER_EMAIL_', 'CODER_NOTIFICATIONS_EMAIL_'])
      reader.setIdle(prefix, 'has no effect without CODER_EMAIL_SMARTHOST');
    return null;
  }
  const smarthost = splitHostPort(settings.smarthost);
  if (smarthost === undefined || smarthost.host === '' || smarthost.port === 0) {
    throw new ConfigError(variable('SMARTHOST'), `${JSON.stringify(settings.smarthost)} is not of the form host:port`);
  }
  if (settings.from === undefined) {
    throw new ConfigError('CODER_EMAIL_FROM', `is needed with ${variable('SMARTHOST')}`);
  }
  const [caFile, certFile, keyFile] = [paths.ca, paths.cert, paths.key].map((name) => readablePath(reader, name));
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ConfigError(paths.cert, `is only of use together with ${paths.key}`);
  }
  return {
    smarthost,
    from: settings.from,
    hello,
    forceTls,
    ...present('proxy', tunnelTo(smarthost.host, smarthost.port, outgoing)),
    auth: {
      ...present('identity', settings.identity),
      ...present('username', settings.username),
      ...present('password', settings.password),
    },
    tls: {
      startTls,
      ...present('serverName', settings.serverName),
      insecureSkipVerify,
      ...present('caFile', caFile),
      ...present('certFile', certFile),
      ...present('keyFile', keyFile),
    },
  };
}
