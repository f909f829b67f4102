// Hostile requests, the same for the same seed: every operation of the contract document and paths that nobody serves, in
// spellings, headers and bodies that no client would send; and bytes that are no request at all.
import type { ApiDocument } from '../../src/http/openapi.ts';
import { below, damaged, hostileBytes, hostileSearch, hostileText, jsonFor, type Random } from './hostile-values.ts';
import { operationsOf } from './places.ts';
import { pick, pickSome } from './random.ts';

/** Who sends a request, by the key that goes with it. */
export type CallerName = 'member' | 'limited' | 'owner' | 'nobody';

/** What requests are about: keys of callers and names for the places in paths. */
export interface Targets {
  keys: Record<Exclude<CallerName, 'nobody'>, string>;
  users: readonly string[];
  organizations: readonly string[];
}

export interface HostileRequest {
  caller: CallerName;
  method: string;
  /** What stands in the request line. */
  target: string;
  bytes: Buffer;
}

/** Bytes that are not one request. */
export interface HostileBytes {
  bytes: Buffer;
  /** The client hangs up at once instead of waiting for an answer. */
  leaves: boolean;
}

const UNKNOWN = [
  ...['/', '/api', '/api/', '/api/v1/users', '/api/v2', '/api/v3/x', '/.well-known/x', '/scim/v2/Users', '/robots.txt'],
  ...['/login', '/setup', '/cli-auth', '/users/me', '/swagger', '/swagger/doc.json', '/healthz', '/readyz', '/metrics'],
  ...['/api/v2/users/me/nothing', '/api/v2/workspaces/x', '/oauth2/authorize', '/bin/x', '/api/v2/users/oauth2'],
] as const;
const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'PROPFIND',
  'M-SEARCH',
] as const;

/** Every character a byte of UTF-8, as it stands in a request line or header. */
const asBytes = (text: string) => Buffer.from(text.toWellFormed()).toString('latin1');
/** Bytes that would end the line or the part they stand in are escaped. */
const inLine = (text: string) => asBytes(text).replace(/[^!-~\x80-\xff]/g, encodeURIComponent);
const escaped = (text: string) => encodeURIComponent(text.toWellFormed());

/** What stands for a parameter of a path. */
function segment(random: Random, name: string, targets: Targets): string {
  if (random() < 0.25) return pick(random, [escaped, inLine])(hostileText(random)) || '%20';
  if (name === 'user') return pick(random, ['me', ...targets.users]);
  if (name.startsWith('organization')) return pick(random, targets.organizations);
  return pick(random, ['build', 'db', 'greet', `n${below(random, 400)}`, 'aaaaaaaaaa']);
}

/** Another spelling of a path, or another path. */
function misspelled(random: Random, path: string): string {
  const slash = (by: string) => {
    const parts = path.split('/');
    const at = 1 + below(random, parts.length - 1);
    return parts.slice(0, at).join('/') + by + parts.slice(at).join('/');
  };
  switch (below(random, 10)) {
    case 0:
      return slash(pick(random, ['//', '///', '/./', '/../', '\\', '%2f', '%2F%2f', '%5c', ';/', '/%2e%2e/']));
    case 1:
      return `${path}${pick(random, ['/', '//', '%', '%2', '%zz', '%00', '%c0%af', '%ff', '#x', ';a=b', '.json', '..', '*'])}`;
    case 2: {
      const at = below(random, path.length);
      const code = path.charCodeAt(at).toString(16).padStart(2, '0');
      return `${path.slice(0, at)}%${pick(random, ['', '25'])}${code}${path.slice(at + 1)}`;
    }
    case 3:
      return `${pick(random, ['http://', 'HTTPS://', 'http://a:b@', 'ftp://'])}x.example${pick(random, ['', ':1'])}${path}`;
    case 4:
      return `${path}/${'a'.repeat(pick(random, [200, 5000, 64_000, 66_000]))}`;
    case 5:
      return `${path}/${'x/'.repeat(pick(random, [10, 2000]))}`;
    case 6:
      return path.toUpperCase();
    case 7:
      return (
        pick(
          random,
          ['*', '', 'api/v2/users', '//', '?', '/?', '/%', '://', 'x:443', '/\xff', '/é'.repeat(2000)].map(inLine),
        ) || '/'
      );
    default:
      return `${path}${inLine(hostileText(random)).slice(0, 8000)}`;
  }
}

/** The text behind the question mark, with it; often none. */
function query(random: Random, names: readonly string[]): string {
  if (random() < (names.length > 0 ? 0.2 : 0.85)) return '';
  const all = [
    ...names,
    ...names,
    'q',
    'limit',
    'coder_session_token',
    'include_expired',
    hostileText(random).slice(0, 50),
  ];
  const one = () => {
    const name = pick(random, all);
    const value = pick(random, [
      hostileSearch,
      hostileText,
      () => pick(random, ['0', '-1', '1', '25', '1e3', '99999999999', 'ten', 'true']),
    ])(random);
    return random() < 0.8 ? `${escaped(name)}=${escaped(value)}` : `${inLine(name)}=${inLine(value)}`;
  };
  const parts = Array.from({ length: pick(random, [1, 1, 1, 2, 3, 300]) }, one);
  return `?${parts.join(pick(random, ['&', '&', '&&', ';']))}`.slice(0, pick(random, [8000, 8000, 60_000, 70_000]));
}

const CONTENT_TYPES = [
  'text/plain',
  'application/json; charset=utf-16',
  'multipart/form-data',
  'x',
  ';',
  'application/x-www-form-urlencoded',
  '',
];

/** Header lines that do no good. */
function oddHeaders(random: Random, key: string): string[] {
  const text = () =>
    asBytes(hostileText(random))
      .replace(/[^\t -~\x80-\xff]/g, '?')
      .slice(0, 3000);
  const makers: (() => string[])[] = [
    () => [`Content-Type: ${pick(random, CONTENT_TYPES)}`, ...(random() < 0.3 ? ['Content-Type: text/html'] : [])],
    () => [`Cookie: coder_session_token=${key}`],
    () => [
      `Cookie: coder_session_token=; ${`coder_session_token=${text()}; `.repeat(pick(random, [1, 30]))}csrf_token=${text()}`,
    ],
    () => [
      `Cookie: ${pick(random, ['=', ';;;', 'a', '"', 'a="b; c', `x=${'y'.repeat(9000)}`, 'a=%', '__Host-coder_session_token=x'])}`,
    ],
    () => [`Coder-Session-Token: ${text()}`, `Coder-Session-Token: ${key}`],
    () => [`Authorization: ${pick(random, ['Bearer', `Bearer ${key}`, `bearer ${text()}`, 'Basic Og==', 'Digest x'])}`],
    () => [`X-Csrf-Token: ${text()}`],
    () => [`X-Forwarded-For: ${pick(random, ['1.2.3.4, ::1', ',', '999.1.1.1', text()])}`, 'X-Forwarded-Proto: gopher'],
    () => [`Origin: ${pick(random, ['null', 'https://evil.example', text()])}`, 'Access-Control-Request-Method: PUT'],
    () => [`Sec-Fetch-Site: ${pick(random, ['cross-site', 'same-site', text()])}`],
    () => [`Accept: ${pick(random, ['text/html', '*/*;q=0', text()])}`, 'Accept-Encoding: br, gzip, x'],
    () => [`Expect: ${pick(random, ['100-continue', '100-Continue, x', 'x'])}`],
    () => [`Content-Encoding: ${pick(random, ['gzip', 'deflate', 'x'])}`],
    () => ['Connection: Upgrade, close', `Upgrade: ${pick(random, ['websocket', 'h2c', 'x'])}`],
    () => [`X-Coder-Bypass-Ratelimit: ${pick(random, ['true', '1', 'x'])}`],
    () => ['If-None-Match: *', 'Range: bytes=0-1,5-', 'If-Modified-Since: x', 'X-HTTP-Method-Override: DELETE'],
    () => [`X-Long: ${'x'.repeat(pick(random, [8000, 60_000, 66_000]))}`],
    () => Array.from({ length: pick(random, [50, 190, 210]) }, (_, i) => `X-${i % 60}: ${i}`),
    () => [`Host: ${pick(random, ['', 'x', '[::1', 'a/b', text()])}`],
    () => [`${pick(random, ['__proto__', 'constructor', 'X-ü', 'X_y'].map(asBytes))}: ${text()}`],
  ];
  return random() < 0.45 ? [] : pickSome(random, makers, 3).flatMap((make) => make());
}

/** A maker of hostile requests: the same choices lead to the same request. */
export function hostileRequests(document: ApiDocument): (random: Random, targets: Targets) => HostileRequest {
  const operations = operationsOf(document);
  return (random, targets) => {
    const { method, path, operation } = pick(random, operations);
    const served = path.replace(/\{(\w+)\}/g, (_, name: string) => segment(random, name, targets));
    const known = random() < 0.9 ? served : pick(random, UNKNOWN);
    const names = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name);
    const target = (random() < 0.25 ? misspelled(random, known) : known) + query(random, names);
    const caller = pick(random, ['member', 'member', 'limited', 'owner', 'owner', 'nobody'] as const);
    const key = caller === 'nobody' ? '' : targets.keys[caller];
    const verb = random() < 0.9 ? method : pick(random, METHODS);
    const schema = operation.requestBody?.content['application/json']?.schema;
    const withBody = schema ? random() < 0.97 : random() < 0.1;
    const wrong = pick(random, [0, 5, 15, 40]);
    const body = withBody ? damaged(random, jsonFor(random, document, schema ?? { type: 'string' }, wrong)) : undefined;
    const head = [
      `${verb} ${target} HTTP/1.1`,
      'Host: 127.0.0.1',
      ...(key === '' ? [] : [`Coder-Session-Token: ${key}`]),
      ...oddHeaders(random, key),
      ...(body ? [`Content-Length: ${body.length}`] : []),
    ];
    const bytes = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)]);
    return { caller, method: verb, target, bytes };
  };
}

const LOGIN = 'POST /api/v2/users/login HTTP/1.1\r\nHost: x\r\n';
const LAST = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** Bytes that break the framing of requests. */
export function hostileBytesOnWire(random: Random): HostileBytes {
  const chunked = `${LOGIN}Transfer-Encoding: chunked\r\n\r\n`;
  const makers: (() => string)[] = [
    () => `${chunked}${pick(random, ['x', '-1', 'FFFFFFFFFFFFFFFFF', '5;', '0x5', ' 5'])}\r\n{"a":\r\n0\r\n\r\n`,
    () => `${chunked}2\r\n{}x\r\n0\r\n\r\n`,
    () => `${chunked}2\r\n{}\r\n0\r\nX: ${'y'.repeat(pick(random, [1, 200_000]))}\r\n\r\n${LAST}`,
    () => `${chunked}${'1\r\n \r\n'.repeat(70_000)}0\r\n\r\n${LAST}`,
    () => `${chunked}1;${'e'.repeat(40_000)}\r\n{\r\n`,
    () => `${LOGIN}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x${LAST}`,
    () => `${LOGIN}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}${LAST}`,
    () =>
      `${LOGIN}Transfer-Encoding: ${pick(random, ['gzip, chunked', 'chunked, gzip', 'x', 'chunked, chunked'])}\r\n\r\n${LAST}`,
    () =>
      `${LOGIN}Content-Length: ${pick(random, ['-1', '1e1', '99999999999999999999', '+2', '2, 2', ''])}\r\n\r\n{}${LAST}`,
    () => `${LOGIN}Content-Length: 100\r\n\r\n{"email":`,
    () => `${LOGIN}X: ${hostileBytes(random)}\r\n Folded: y\r\n\r\n${LAST}`,
    () => `${LOGIN}${pick(random, [':', ' : x', 'A B: c', 'X', '\0: y'])}\r\n\r\n`,
    () => `GET /api/v2/${hostileBytes(random)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    () =>
      `GET /api/v2/users${pick(random, [' HTTP/9.9', ' HTTP/1.0', '', ' HTTP/1.1 x', ' HTTP/0.9'])}\r\nHost: x\r\n\r\n`,
    () =>
      `${pick(random, ['get', 'CONNECT', 'PRI *', '\x16\x03\x01', 'G\0T', 'X'.repeat(200_000), '\r\n\r\n'])} /api/v2/ HTTP/1.1\r\nHost: x\r\n\r\n`,
    () => `GET /api/v2/buildinfo HTTP/1.1\r\n\r\n${LAST}`,
    () => `GET http://x${pick(random, ['', ':99999', '/', '?', '/api/v2/users'])} HTTP/1.1\r\nHost: y\r\n\r\n${LAST}`,
    () => `${'GET /api/v2/buildinfo HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(pick(random, [2, 60]))}${LAST}`,
    () => `${LOGIN}Content-Length: 2\r\n\r\n{}${'GET /api/v2/users/me HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20)}${LAST}`,
    () => `${LOGIN}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
    () => LAST.slice(0, below(random, LAST.length)),
    () => Array.from({ length: below(random, 3000) }, () => String.fromCharCode(below(random, 256))).join(''),
  ];
  return { bytes: Buffer.from(pick(random, makers)(), 'latin1'), leaves: random() < 0.2 };
}
