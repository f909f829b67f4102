// Letter case in searches: folded alike whatever the locale of the database knows.
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/store/db.ts';
import { foldCase } from '../../src/store/fold.ts';
import { migrate } from '../../src/store/migrate.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aName } from '../support/factories.ts';
import { cloneDatabase, databaseWithLocaleC } from '../support/postgres.ts';

async function migratedWithLocaleC(): Promise<string> {
  const { url } = await databaseWithLocaleC();
  await migrate(url);
  return url;
}

/** An app on a database, its owner signed in. */
async function appOn(url: string): Promise<TestApp> {
  const t = await startApp({ url });
  const owner = { email: 'owner@example.com', username: 'owner', password: PASSWORD };
  await t.anonymous.post('/api/v2/users/first', owner);
  const login = await t.anonymous.post('/api/v2/users/login', owner);
  return { ...t, owner: t.as(login.body.session_token) };
}

describe.each([
  ['the locale C', migratedWithLocaleC],
  ['our own', async () => (await cloneDatabase()).url],
])('in a database with %s', (_, database) => {
  test('searches find letters of every alphabet, whatever their case', async () => {
    const t = await appOn(await database());
    const add = async (name: string, address: string) => {
      const username = aName();
      const body = { username, name, email: address, password: PASSWORD, organization_ids: [] };
      const { rows } = await t.pool.query('select id from organizations');
      const { status } = await t.owner.post('/api/v2/users', { ...body, organization_ids: [rows[0].id] });
      expect(status).toBe(201);
      return username;
    };
    const doctor = await add('Die Ärzte', 'Ärzte@example.com');
    const others: [string, string, string[]][] = [
      ['Ολυσσεύς ΟΔΟΣ', 'a1@example.com', ['name:ολυσσεύς', 'name:ΟΛΥΣΣΕΎΣ', 'name:οδος', 'name:οδοσ']],
      ['Жанна', 'a2@example.com', ['name:жанна', 'name:ЖАННА']],
      ['İstanbul', 'a3@example.com', ['name:istanbul', 'name:İSTANBUL', 'name:i\u0307stanbul']],
      ['Zoe\u0308', 'a4@example.com', ['name:zoë', 'name:ZOE\u0308']],
      ['Straẞe', 'a5@example.com', ['name:straße']],
    ];
    const found = async (q: string) => {
      const { body } = await t.owner.get(`/api/v2/users?q=${encodeURIComponent(q)}`);
      return body.users.map((user: { username: string }) => user.username);
    };
    for (const q of ['ärzte', 'ÄRZTE', 'a\u0308rzte@EXAMPLE', 'name:"die ärzte"']) {
      expect([q, await found(q)]).toEqual([q, [doctor]]);
    }
    for (const [name, address, queries] of others) {
      const username = await add(name, address);
      for (const q of queries) expect([q, await found(q)]).toEqual([q, [username]]);
    }
    expect(await found('name:arzte')).toEqual([]);
    // By the index as well as by reading the table.
    await t.pool.query('set enable_seqscan = off');
    expect(await found('ärzte')).toEqual([doctor]);
    const { rows } = await t.pool.query(`explain select from users where search_text like '%ärzte%'`);
    expect(JSON.stringify(rows)).toContain('users_search_trgm');
  });
});

/** Where there are letters with two cases, and much besides. */
const RANGES = [
  [0x1, 0x3000],
  [0xa600, 0xac00],
  [0xfb00, 0x10000],
  [0x10400, 0x11000],
  [0x11800, 0x12000],
  [0x16e00, 0x17000],
  [0x1e900, 0x1ea00],
] as const;

test('the database folds as the program does, character by character', { timeout: 60_000 }, async () => {
  const { pool, db } = connect({ url: await migratedWithLocaleC(), pooled: false }, { warn: () => undefined });
  const differing: string[] = [];
  for (const [from, to] of RANGES) {
    const characters = Array.from({ length: to - from }, (_, at) => String.fromCodePoint(from + at));
    // Parted, so that none composes with the one before.
    const text = characters.map((character) => `${character}|`).join('');
    const { rows } = await db.execute<{ folded: string }>(sql`select fold_case(${text}) as folded`);
    const theirs = rows[0]?.folded.split('|') ?? [];
    for (const [at, ours] of foldCase(text).split('|').entries()) {
      if (ours !== theirs[at]) differing.push(`${(from + at).toString(16)}: ${ours} ${theirs[at]}`);
    }
  }
  expect(differing).toEqual([]);
  await pool.end();
});

test('letters with two cases are nowhere else', () => {
  const elsewhere: string[] = [];
  for (let code = 0x80; code < 0x20000; code++) {
    const character = String.fromCodePoint(code);
    const isThere = RANGES.some(([from, to]) => code >= from && code < to) || (code >= 0xd800 && code < 0xe000);
    if (!isThere && foldCase(character) !== character.normalize('NFC')) elsewhere.push(code.toString(16));
  }
  expect(elsewhere).toEqual([]);
});
