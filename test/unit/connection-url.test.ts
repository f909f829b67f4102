// Database connection URLs as people write them.
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { poolConfig } from '../../src/postgres/client.ts';
import { parseConnectionUrl, withSslMode } from '../../src/postgres/connection-url.ts';
import { createRoute } from '../../src/postgres/route.ts';

/** What the driver makes of the settings that we hand it for the first way. */
function driverReads(url: string) {
  const { config, route } = poolConfig({ url, pooled: false });
  const { host, port } = route.current().server;
  const { user, password, database, ...client } = new pg.Client({
    ...config,
    ...(host && { host }),
    ...(port && { port }),
  });
  return { user, password, host: client.host, port: client.port, database };
}

const plain = { user: 'kim', host: 'db', port: 5432, database: 'coder' };

describe('user and password', () => {
  test.each([
    ['percent-encoded', 'postgres://kim:a%23b%40c%24d%25e@db:5432/coder', 'a#b@c$d%e'],
    ['unencoded # and $', 'postgres://kim:a#b$c@db:5432/coder', 'a#b$c'],
    ['unencoded @', 'postgres://kim:a@b@db:5432/coder', 'a@b'],
    ['unencoded / and ?', 'postgres://kim:a/b?c@db:5432/coder', 'a/b?c'],
    ['a stray %', 'postgres://kim:100%@db:5432/coder', '100%'],
    ['a stray % beside an escape', 'postgres://kim:5%:%23@db:5432/coder', '5%:#'],
    ['a colon', 'postgres://kim:a:b@db:5432/coder', 'a:b'],
    ['a comma', 'postgres://kim:a,b@db:5432/coder', 'a,b'],
    ['letters beyond ASCII', 'postgresql://kim:gr%C3%BCn-grün@db:5432/coder', 'grün-grün'],
    ['spaces and quotes', `postgres://kim:a b'"c@db:5432/coder`, `a b'"c`],
  ])('a password with %s is read as meant', (_, url, password) => {
    expect(driverReads(url)).toEqual({ ...plain, password });
  });

  test('an @ in a parameter does not end the user name', () => {
    expect(driverReads('postgres://db:5432/coder?application_name=a@b')).toMatchObject({
      host: 'db',
      database: 'coder',
    });
  });

  test('may stand in parameters', () => {
    expect(driverReads('postgres://db/?user=kim&password=x%26y&dbname=coder')).toEqual({ ...plain, password: 'x&y' });
  });
});

test('a socket directory, an IPv6 address and a missing port are understood', () => {
  expect(driverReads('postgres://app@/postgres?host=%2Frun%2Fpg')).toMatchObject({
    host: '/run/pg',
    database: 'postgres',
  });
  expect(driverReads('postgres://app@%2Frun%2Fpg/postgres')).toMatchObject({ host: '/run/pg', database: 'postgres' });
  expect(driverReads('postgres://kim:x@[::1]:6000/coder')).toMatchObject({ host: '::1', port: 6000 });
  expect(driverReads('postgres://kim:x@db/coder')).toMatchObject({ host: 'db', port: 5432 });
});

/** The ways of a URL, as one text each. */
function waysOf(url: string): string[] {
  const route = createRoute(parseConnectionUrl(url));
  return Array.from({ length: route.length }, () => {
    const way = route.current();
    const { ssl, server } = way;
    const check = ssl && (ssl.rejectUnauthorized ? (ssl.checkServerIdentity ? 'authority' : 'name') : 'anybody');
    // A failure that another try at the same server, with TLS or without, may cure.
    route.failed(way, new Error('The server does not support SSL connections'));
    return `${server.host}:${server.port ?? ''} ${check === false ? 'plain' : check} ${way.kind}`;
  });
}

describe('sslmode means what it means to libpq', () => {
  test.each([
    ['', ['db: anybody any', 'db: plain any']],
    ['?sslmode=prefer', ['db: anybody any', 'db: plain any']],
    ['?sslmode=disable', ['db: plain any']],
    ['?sslmode=allow', ['db: plain any', 'db: anybody any']],
    ['?sslmode=require', ['db: anybody any']],
    ['?sslmode=verify-full', ['db: name any']],
    // There is no authority to ask but those that everybody trusts, and they vouch for names.
    ['?sslmode=verify-ca', ['db: name any']],
    ['?sslrootcert=system', ['db: name any']],
    ['?ssl=true', ['db: name any']],
    ['?ssl=0', ['db: plain any']],
  ])('%s', (parameters, ways) => {
    expect(waysOf(`postgres://kim:x@db/coder${parameters}`)).toEqual(ways);
  });

  test('sockets are never encrypted', () => {
    expect(waysOf('postgres://app@/postgres?host=/run/pg&sslmode=require')).toEqual(['/run/pg: plain any']);
  });

  test.each([
    ['sslmode=on', /^The database connection URL has an unknown sslmode: it may be disable, allow, prefer, require/],
    ['sslmode=require&sslrootcert=system', /sslrootcert=system, which needs sslmode=verify-full/],
    ['sslmode=verify-ca&sslrootcert=/nowhere', /^The file of sslrootcert .* cannot be read: ENOENT/],
    ['sslmode=require&ssl_min_protocol_version=SSLv3', /unknown ssl_min_protocol_version: it may be TLSv1,/],
    ['sslnegotiation=direct', /needs sslmode=require/],
  ])('%s is refused by name', (parameters, message) => {
    expect(() => waysOf(`postgres://kim:secret@db/coder?${parameters}`)).toThrow(message);
    expect(() => waysOf(`postgres://kim:secret@db/coder?${parameters}`)).toThrow(/^(?!.*secret)/);
  });

  test('a default from elsewhere counts where the URL says nothing', () => {
    for (const url of ['postgres://db/x', 'postgres://kim:a?b@db/x', 'postgres://db/x?connect_timeout=3'])
      expect(parseConnectionUrl(withSslMode(url, 'require')).sslMode).toBe('require');
    expect(parseConnectionUrl(withSslMode('postgres://db/x?sslmode=disable', 'require')).sslMode).toBe('disable');
  });
});

describe('several hosts', () => {
  test('are tried in their order, then again from the first', () => {
    const route = createRoute(parseConnectionUrl('postgres://kim:x@a,b:6000,[::1]/coder?sslmode=disable'));
    const tried = Array.from({ length: 4 }, () => {
      const way = route.current();
      expect(route.failed(way, Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))).toBe(true);
      return `${way.server.host} ${way.server.port ?? ''}`;
    });
    expect(tried).toEqual(['a ', 'b 6000', '::1 ', 'a ']);
  });

  test('a host that refuses is left alone with and without TLS, and nobody goes without TLS for it', () => {
    const route = createRoute(parseConnectionUrl('postgres://a,b/coder'));
    const seen = Array.from({ length: 3 }, () => {
      const way = route.current();
      route.failed(way, new Error('connect ECONNREFUSED'));
      return `${way.server.host} ${way.ssl ? 'TLS' : 'plain'}`;
    });
    expect(seen).toEqual(['a TLS', 'b TLS', 'a TLS']);
  });

  test('a wrong password is wrong everywhere', () => {
    const route = createRoute(parseConnectionUrl('postgres://a,b/coder'));
    const denied = Object.assign(new pg.DatabaseError('denied', 0, 'error'), { code: '28P01' });
    expect(route.failed(route.current(), denied)).toBe(false);
    expect(route.current().server.host).toBe('a');
  });

  test('share one port, or have one each; addresses stand for names', () => {
    const servers = (rest: string) => parseConnectionUrl(`postgres://${rest}`).servers;
    expect(servers('/x?host=a,b&port=6000').map(({ port }) => port)).toEqual([6000, 6000]);
    expect(servers('/x?host=a,b&port=6000,6001').map(({ port }) => port)).toEqual([6000, 6001]);
    expect(servers('db/x?hostaddr=10.0.0.1')).toEqual([{ host: '10.0.0.1', name: 'db', port: undefined }]);
    expect(() => servers('/x?host=a,b,c&port=1,2')).toThrow('as many ports');
    expect(() => servers('a:70000/x')).toThrow('has a port that is none');
  });

  test.each([
    ['read-write', ['a: plain read-write', 'b: plain read-write']],
    ['primary', ['a: plain primary', 'b: plain primary']],
    ['prefer-standby', ['a: plain standby', 'b: plain standby', 'a: plain any', 'b: plain any']],
  ])('target_session_attrs=%s', (kind, ways) => {
    const url = `postgres://a,b/coder?sslmode=disable&target_session_attrs=${kind}`;
    const route = createRoute(parseConnectionUrl(url));
    const seen = Array.from({ length: route.length }, () => {
      const way = route.current();
      route.failed(way, new Error('the server is not it'));
      return `${way.server.host}: plain ${way.kind}`;
    });
    expect(seen).toEqual(ways);
  });

  test('an unknown target_session_attrs is refused by name', () => {
    expect(() => parseConnectionUrl('postgres://a/x?target_session_attrs=master')).toThrow(
      'unknown target_session_attrs: it may be any, read-write,',
    );
  });
});

describe('parameters', () => {
  test('of the session are passed on, escaped', () => {
    const { options, runtime } = parseConnectionUrl(
      'postgres://kim:x@db/coder?options=-c%20work_mem%3D8MB&search_path=my%20app,public&application_name=a%20b',
    );
    expect(options).toBe('-c work_mem=8MB -c search_path=my\\ app,public');
    expect(runtime).toEqual({ search_path: 'my app,public' });
    const { config } = poolConfig({ url: 'postgres://db/coder?search_path=app&application_name=me', pooled: true });
    expect(config).toMatchObject({ options: '-c search_path=app', application_name: 'me' });
  });

  test('of the connection count', () => {
    const read = (parameters: string) => poolConfig({ url: `postgres://db/coder?${parameters}`, pooled: false }).config;
    expect(read('connect_timeout=10&keepalives_idle=30')).toMatchObject({
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
    });
    expect(read('connect_timeout=1&keepalives=0')).toMatchObject({ connectionTimeoutMillis: 2000, keepAlive: false });
    expect(read('connect_timeout=0').connectionTimeoutMillis).toBe(60_000);
    expect(() => read('connect_timeout=soon')).toThrow('has a connect_timeout that is no number');
    expect(() => read('client_encoding=LATIN1')).toThrow('has another client_encoding than UTF8');
  });

  test('that have no effect are named', () => {
    const { ignored, runtime } = parseConnectionUrl('postgres://db/x?gssencmode=disable&tcp_user_timeout=5');
    expect([ignored, runtime]).toEqual([['gssencmode', 'tcp_user_timeout'], {}]);
  });
});

test.each(['mysql://kim:secret@db/coder', 'postgres://kim:secret', 'host=db password=secret'])(
  'the refusal of %s does not show the password',
  (url) => {
    expect(() => parseConnectionUrl(url)).toThrow(/^The database connection URL (?!.*secret)/);
  },
);
