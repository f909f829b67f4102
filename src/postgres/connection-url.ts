// Reads a Postgres connection URL the way people write them: with unencoded passwords and libpq's meaning of sslmode.
import { StartError } from '../start-error.ts';

/** A host part as it stands behind the `@`: name, address or nothing, an optional port, then path, query or the end. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[^@:/?#[\]\s]*)(?::\d*)?(?=[/?]|$)/i;

export interface ParsedConnectionUrl {
  /** A well-formed URL for the driver. */
  readonly connectionString: string;
  /** The `options` parameter of the URL, taken out because the driver would let it replace ours. */
  readonly options: string | undefined;
}

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

/** Splits at the first `@` that a host follows; a password may hold `#`, `@`, `/` and `?`, a query may hold `@`. */
function splitUserinfo(rest: string): [userinfo: string | undefined, tail: string] {
  if (HOST.test(rest)) return [undefined, rest];
  for (let at = rest.indexOf('@'); at !== -1; at = rest.indexOf('@', at + 1)) {
    const tail = rest.slice(at + 1);
    if (HOST.test(tail)) return [rest.slice(0, at), tail];
  }
  throw new StartError('The database connection URL is not of the form postgres://user:password@host:port/database.');
}

function encodeUserinfo(userinfo: string): string {
  const colon = userinfo.indexOf(':');
  if (colon === -1) return `${encodeURIComponent(decode(userinfo))}@`;
  const [user, password] = [userinfo.slice(0, colon), userinfo.slice(colon + 1)];
  return `${encodeURIComponent(decode(user))}:${encodeURIComponent(decode(password))}@`;
}

/** libpq's meaning of sslmode, which the driver has only on request: `require` encrypts without checking a name. */
function useLibpqSslModes(query: URLSearchParams): void {
  const mode = query.get('sslmode');
  if (mode === null || query.has('uselibpqcompat')) return;
  if (mode === 'allow') query.set('sslmode', 'disable');
  // Without a root certificate there is no authority to check but the system's, and those sign names.
  if (mode === 'verify-ca' && !query.has('sslrootcert')) query.set('sslmode', 'verify-full');
  query.set('uselibpqcompat', 'true');
}

/**
 * Reads `postgres://user:password@host:port/database?parameters`; user and password may be percent-encoded or not.
 * @throws StartError for anything else; its message never holds the URL
 */
export function parseConnectionUrl(url: string): ParsedConnectionUrl {
  const rest = /^postgres(?:ql)?:\/\/(.*)$/s.exec(url.trim())?.[1];
  if (rest === undefined) throw new StartError('The database connection URL does not begin with postgres://.');
  const [userinfo, tail] = splitUserinfo(rest);
  const mark = tail.indexOf('?');
  const location = mark === -1 ? tail : tail.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : tail.slice(mark + 1));
  const options = query.get('options') ?? undefined;
  query.delete('options');
  useLibpqSslModes(query);
  const path = location
    .replace(/%(?![0-9a-f]{2})/gi, '%25')
    .replaceAll('#', '%23')
    .replaceAll(' ', '%20');
  const parameters = query.size === 0 ? '' : `?${query.toString().replaceAll('+', '%20')}`;
  return {
    connectionString: `postgres://${userinfo === undefined ? '' : encodeUserinfo(userinfo)}${path}${parameters}`,
    options,
  };
}
