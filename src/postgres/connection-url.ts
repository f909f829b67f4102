// Reads a Postgres connection URL as libpq does, and as people write them: with unencoded passwords.
import { StartError } from '../start-error.ts';

/** One server that may be meant. */
export interface Server {
  /** What is connected to: a name, an address, or the folder of a socket. Undefined: the driver's default. */
  readonly host: string | undefined;
  /** Whom its certificate must name, where that is not `host`. */
  readonly name: string | undefined;
  readonly port: number | undefined;
}

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

const SESSION_KINDS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
/** Which of several servers will do. */
export type SessionKind = (typeof SESSION_KINDS)[number];

export interface ConnectionSettings {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly servers: readonly Server[];
  readonly isShuffled: boolean;
  readonly sessionKind: SessionKind;
  readonly sslMode: SslMode;
  /** Parameters about TLS, by their libpq names. */
  readonly tls: Readonly<Record<string, string>>;
  readonly applicationName: string | undefined;
  /** Undefined: ours; 0: as long as it takes. */
  readonly connectTimeoutMs: number | undefined;
  readonly keepAlive: boolean;
  readonly keepAliveIdleMs: number | undefined;
  /** Run-time parameters as the `options` of a start-up packet; undefined without any. */
  readonly options: string | undefined;
  /** Those that have a parameter of their own in the URL. */
  readonly runtime: Readonly<Record<string, string>>;
  /** Parameters that libpq knows and this program cannot honour. */
  readonly ignored: readonly string[];
}

/** A host part as it stands behind the `@`: names or addresses with optional ports, then path, query or the end. */
const ONE_HOST = String.raw`(?:\[[0-9a-f:.]+\]|[^@:/?#[\],\s]*)(?::\d*)?`;
const HOSTS = new RegExp(`^${ONE_HOST}(?:,${ONE_HOST})*(?=[/?]|$)`, 'i');

const TLS_PARAMETERS = new Set(
  'sslrootcert sslcert sslkey sslpassword sslcrl ssl_min_protocol_version ssl_max_protocol_version sslnegotiation channel_binding'.split(
    ' ',
  ),
);
/** What the driver has no way to do; each is named at start. */
const IGNORED = new Set(
  'passfile service servicefile gssencmode gssdelegation gsslib krbsrvname requirepeer require_auth sslcrldir sslcompression sslcertmode sslsni keepalives_interval keepalives_count tcp_user_timeout replication'.split(
    ' ',
  ),
);

/** Decodes percent escapes and leaves a stray `%` as it is. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

const refuse = (problem: string) => new StartError(`The database connection URL ${problem}`);

/** Splits at the first `@` that hosts follow; a password may hold `#`, `@`, `/` and `?`, a query may hold `@`. */
function splitUserinfo(rest: string): [userinfo: string | undefined, tail: string] {
  if (HOSTS.test(rest)) return [undefined, rest];
  for (let at = rest.indexOf('@'); at !== -1; at = rest.indexOf('@', at + 1)) {
    const tail = rest.slice(at + 1);
    if (HOSTS.test(tail)) return [rest.slice(0, at), tail];
  }
  throw refuse('is not of the form postgres://user:password@host:port/database.');
}

function partsOf(url: string): [userinfo: string | undefined, tail: string] {
  const rest = /^postgres(?:ql)?:\/\/(.*)$/s.exec(url.trim())?.[1];
  if (rest === undefined) throw refuse('does not begin with postgres://.');
  return splitUserinfo(rest);
}

/** A URL that says `sslmode`, the given one unless it says another. */
export function withSslMode(url: string, mode: string): string {
  const [, tail] = partsOf(url);
  const [, query = ''] = /\?(.*)$/s.exec(tail) ?? [];
  if (new URLSearchParams(query).has('sslmode')) return url;
  return `${url.trim()}${tail.includes('?') ? '&' : '?'}sslmode=${encodeURIComponent(mode)}`;
}

/** A parameter that must be one of a few words; what was written is not shown, for it may be a piece of a password. */
function oneOf<T extends string>(name: string, value: string, words: readonly T[]): T {
  const word = words.find((one) => one === value);
  if (word === undefined) throw refuse(`has an unknown ${name}: it may be ${words.join(', ')}.`);
  return word;
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  if (!/^-?\d{1,9}$/.test(value)) throw refuse(`has a ${name} that is no number.`);
  return Number(value);
}

/** Hosts, host addresses and ports as lists: one port counts for all hosts. */
function serversOf(location: string, parameters: Map<string, string>): Server[] {
  const list = (name: string) => take(parameters, name)?.split(',');
  const parts = location.split(',').map((part) => /^(?:\[(.*)\]|([^:]*))(?::(\d*))?$/.exec(part));
  const hosts = list('host') ?? parts.map((part) => decode(part?.[1] ?? part?.[2] ?? ''));
  const addresses = list('hostaddr');
  const ports = list('port') ?? parts.map((part) => part?.[3] ?? '');
  const count = Math.max(hosts.length, addresses?.length ?? 0);
  if (
    (addresses && hosts.length > 1 && addresses.length !== hosts.length) ||
    (ports.length > 1 && ports.length !== count)
  )
    throw refuse('does not have as many ports or addresses as hosts.');
  return Array.from({ length: count }, (_, at) => {
    const [name, address] = [hosts[at] || undefined, addresses?.[at] || undefined];
    const port = wholeNumber('port', ports.length === 1 ? ports[0] : ports[at]);
    if (port !== undefined && (port < 1 || port > 65_535)) throw refuse('has a port that is none.');
    return { host: address ?? name, name: address === undefined ? undefined : name, port };
  });
}

function take(parameters: Map<string, string>, name: string): string | undefined {
  const value = parameters.get(name);
  parameters.delete(name);
  return value === '' ? undefined : value;
}

/** What the driver's own parameters say of TLS; libpq's `sslmode` wins. */
function sslModeOf(parameters: Map<string, string>): SslMode {
  const drivers = take(parameters, 'ssl')
    ?.replace(/^(1|true)$/, 'verify-full')
    .replace(/^(0|false)$/, 'disable');
  take(parameters, 'uselibpqcompat');
  const isSystem = parameters.get('sslrootcert') === 'system';
  const written = take(parameters, 'sslmode') ?? drivers ?? (isSystem ? 'verify-full' : 'prefer');
  const mode = oneOf('sslmode', written.replace(/^no-verify$/, 'require'), SSL_MODES);
  if (isSystem && mode !== 'verify-full') throw refuse('has sslrootcert=system, which needs sslmode=verify-full.');
  return mode;
}

/** A value as it stands in `options`, where blanks part and backslashes escape. */
const escaped = (value: string) => value.replace(/[\\\s]/g, '\\$&');

/**
 * Reads `postgres://user:password@host:port,host:port/database?parameters`; user and password may be percent-encoded or
 * not. Parameters that neither libpq nor the driver knows are run-time parameters of the session, such as `search_path`.
 * @throws StartError for anything else; its message never holds the URL
 */
export function parseConnectionUrl(url: string): ConnectionSettings {
  const [userinfo, tail] = partsOf(url);
  const mark = tail.indexOf('?');
  const place = mark === -1 ? tail : tail.slice(0, mark);
  const parameters = new Map(new URLSearchParams(mark === -1 ? '' : tail.slice(mark + 1)));
  const slash = place.indexOf('/');
  const colon = userinfo?.indexOf(':') ?? -1;
  const [user, password] = colon === -1 ? [userinfo] : [userinfo?.slice(0, colon), userinfo?.slice(colon + 1)];
  const path = slash === -1 ? '' : decode(place.slice(slash + 1));
  const timeout = wholeNumber('connect_timeout', take(parameters, 'connect_timeout'));
  const idle = wholeNumber('keepalives_idle', take(parameters, 'keepalives_idle'));
  const encoding = take(parameters, 'client_encoding');
  if (encoding !== undefined && !/^(auto|utf-?8)$/i.test(encoding))
    throw refuse('has another client_encoding than UTF8.');
  const settings = {
    user: take(parameters, 'user') ?? (user && decode(user)),
    password: take(parameters, 'password') ?? (password && decode(password)),
    database: take(parameters, 'dbname') ?? (path || undefined),
    servers: serversOf(slash === -1 ? place : place.slice(0, slash), parameters),
    isShuffled:
      oneOf('load_balance_hosts', take(parameters, 'load_balance_hosts') ?? 'disable', ['disable', 'random']) ===
      'random',
    sessionKind: oneOf('target_session_attrs', take(parameters, 'target_session_attrs') ?? 'any', SESSION_KINDS),
    sslMode: sslModeOf(parameters),
    applicationName: take(parameters, 'application_name') ?? take(parameters, 'fallback_application_name'),
    // As in libpq, less than two seconds are two, and none is no limit.
    connectTimeoutMs: timeout === undefined ? undefined : timeout <= 0 ? 0 : Math.max(2, timeout) * 1000,
    keepAlive: take(parameters, 'keepalives') !== '0',
    keepAliveIdleMs: idle === undefined ? undefined : idle * 1000,
  };
  take(parameters, 'fallback_application_name');
  const own = take(parameters, 'options');
  const tls: Record<string, string> = {};
  const runtime: Record<string, string> = {};
  const ignored: string[] = [];
  for (const [name, value] of parameters) {
    if (IGNORED.has(name)) ignored.push(name);
    else if (TLS_PARAMETERS.has(name)) tls[name] = value;
    else if (/^[a-z_][\w.]*$/i.test(name)) runtime[name] = value;
    else throw refuse('has a parameter whose name is none.');
  }
  if (tls.sslnegotiation !== undefined) {
    const how = oneOf('sslnegotiation', tls.sslnegotiation, ['postgres', 'direct']);
    if (how === 'direct' && ['disable', 'allow', 'prefer'].includes(settings.sslMode))
      throw refuse('has sslnegotiation=direct, which needs sslmode=require or more.');
  }
  const options = [own, ...Object.entries(runtime).map(([name, value]) => `-c ${name}=${escaped(value)}`)];
  return { ...settings, tls, runtime, ignored, options: options.filter(Boolean).join(' ') || undefined };
}
