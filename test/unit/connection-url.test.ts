// Database connection URLs as people write them.
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { parseConnectionUrl } from '../../src/postgres/connection-url.ts';

/** What the driver makes of the URL that we hand it. */
function driverReads(url: string) {
  const { user, password, host, port, database, ssl } = new pg.Client(parseConnectionUrl(url));
  return { user, password, host, port, database, ssl };
}

const plain = { user: 'kim', host: 'db', port: 5432, database: 'coder', ssl: false };

describe('user and password', () => {
  test.each([
    ['percent-encoded', 'postgres://kim:a%23b%40c%24d%25e@db:5432/coder', 'a#b@c$d%e'],
    ['unencoded # and $', 'postgres://kim:a#b$c@db:5432/coder', 'a#b$c'],
    ['unencoded @', 'postgres://kim:a@b@db:5432/coder', 'a@b'],
    ['unencoded / and ?', 'postgres://kim:a/b?c@db:5432/coder', 'a/b?c'],
    ['a stray %', 'postgres://kim:100%@db:5432/coder', '100%'],
    ['a stray % beside an escape', 'postgres://kim:5%:%23@db:5432/coder', '5%:#'],
    ['a colon', 'postgres://kim:a:b@db:5432/coder', 'a:b'],
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
});

test('a socket directory, an IPv6 address and a missing port are understood', () => {
  expect(driverReads('postgres://app@/postgres?host=%2Frun%2Fpg')).toMatchObject({
    host: '/run/pg',
    database: 'postgres',
  });
  expect(driverReads('postgres://kim:x@[::1]:6000/coder')).toMatchObject({ host: '::1', port: 6000 });
  expect(driverReads('postgres://kim:x@db/coder')).toMatchObject({ host: 'db', port: 5432 });
});

test('sslmode means what it means to libpq', () => {
  const ssl = (mode: string) => driverReads(`postgres://kim:x@db/coder?sslmode=${mode}`).ssl;
  expect(ssl('disable')).toBe(false);
  expect(ssl('allow')).toBe(false);
  expect(ssl('require')).toEqual({ rejectUnauthorized: false });
  expect(ssl('verify-full')).toEqual({});
  expect(ssl('verify-ca')).toEqual({});
});

test('parameters of the URL are kept, and its options are handed out apart', () => {
  const parsed = parseConnectionUrl('postgres://kim:x@db/coder?options=-c%20search_path%3Dapp&application_name=a%20b');
  expect(parsed.options).toBe('-c search_path=app');
  expect(new pg.Client(parsed)).toMatchObject({ connectionParameters: { application_name: 'a b' } });
});

test.each(['mysql://kim:secret@db/coder', 'postgres://kim:secret', 'host=db password=secret'])(
  'the refusal of %s does not show the password',
  (url) => {
    expect(() => parseConnectionUrl(url)).toThrow(/^The database connection URL (?!.*secret)/);
  },
);
