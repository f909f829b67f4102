// Changing the encryption key: everything is encrypted anew, once, and nothing is lost on the way.
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { createSecretBox } from '../../src/crypto/secret-box.ts';
import type { Ctx } from '../../src/ctx.ts';
import { countUnreadable, discardUnreadable } from '../../src/services/discard.ts';
import { rotateEncryption } from '../../src/services/rotate.ts';
import { siteSettings } from '../../src/store/schema.ts';
import { gitSshKeys, userSecrets } from '../../src/store/schema-belongings.ts';
import { userLinks } from '../../src/store/schema-credentials.ts';
import { listSealed, replaceSealed, SEALED_COLUMNS } from '../../src/store/sealed.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const OLD = Buffer.alloc(32, 7).toString('base64');
const NEW = Buffer.alloc(32, 8).toString('base64');
const both = createSecretBox([NEW, OLD]);
const newOnly = createSecretBox([NEW]);
const log = pino({ level: 'silent' });

let t: TestApp;
let user: TestUser;
beforeEach(async () => {
  t = await startApp({ env: { CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: OLD } });
  user = await aUser(t);
  await user.client.post('/api/v2/users/me/secrets', { name: 'n', value: 'hunter2' });
  const { secretBox } = t.deps;
  await t.db.insert(userLinks).values([
    { userId: user.id, loginType: 'oidc', accessToken: secretBox.encrypt('access'), refreshToken: '' },
    { userId: user.id, loginType: 'github', accessToken: '', refreshToken: secretBox.encrypt('refresh') },
  ]);
  await t.db.insert(siteSettings).values([
    { key: 'test_key', value: secretBox.encrypt('signing') },
    { key: 'test_plain', value: '{"v1:":true}' },
  ]);
});

const secret = async () => {
  const [row] = await t.db.select().from(userSecrets);
  if (!row) throw new Error('a secret was made');
  return row;
};
const setting = async (key: string) =>
  (await t.db.select().from(siteSettings).where(eq(siteSettings.key, key)))[0]?.value ?? '';
/** As commands have it: nobody is signed in. */
const operatorCtx = ({ deps }: TestApp): Ctx => ({
  ...deps,
  origin: { requestId: randomUUID(), ip: '', network: '', userAgent: 'test' },
  actor: undefined,
});
const rotate = (secretBox = both) => rotateEncryption({ db: t.db, secretBox, log });

describe('discardUnreadable', () => {
  test('gives up what no key decrypts, of every kind, and nothing else', async () => {
    const other = await aUser(t);
    await other.client.post('/api/v2/users/me/secrets', { name: 'kept', value: 'kept' });
    const kept = await t.db.select().from(userSecrets).where(eq(userSecrets.userId, other.id));
    await t.db
      .update(userSecrets)
      .set({ value: both.encrypt('kept', `user_secrets:${kept[0]?.id}`) })
      .where(eq(userSecrets.userId, other.id));
    const sshKeys = await t.db.$count(gitSshKeys);
    const before = await t.db.select().from(gitSshKeys).where(eq(gitSshKeys.userId, user.id));
    const ctx = { ...operatorCtx(t), secretBox: newOnly };
    const expected = { secrets: 1, sshKeys, accessTokens: 1, refreshTokens: 1, settings: 1 };
    expect(await countUnreadable(ctx, () => undefined)).toEqual(expected);
    expect(await t.db.select().from(gitSshKeys).where(eq(gitSshKeys.userId, user.id))).toEqual(before);
    expect(await discardUnreadable(ctx, () => undefined)).toEqual(expected);
    expect(await rotate(newOnly)).toEqual({ rotated: 0, failed: 0 });
    expect((await t.db.select().from(userSecrets)).map(({ name }) => name)).toEqual(['kept']);
    const [after] = await t.db.select().from(gitSshKeys).where(eq(gitSshKeys.userId, user.id));
    expect(after?.publicKey).not.toBe(before[0]?.publicKey);
    expect(newOnly.decrypt(after?.privateKey ?? '')).toContain('PRIVATE KEY');
    const links = await t.db.select().from(userLinks);
    expect(links.map((link) => [link.accessToken, link.refreshToken])).toEqual([
      ['', ''],
      ['', ''],
    ]);
    expect(await setting('test_key')).toBe('');
    expect(await setting('test_plain')).toBe('{"v1:":true}');
    const audit = await t.owner.get('/api/v2/audit?limit=50');
    expect(JSON.stringify(audit.body)).toContain('lost encryption key');
  });
});

describe('rotateEncryption', () => {
  test('afterwards the new key alone reads everything, and what was not encrypted is as before', async () => {
    const sshKeys = await t.db.$count(gitSshKeys);
    const { rotated, failed } = await rotate();
    expect(failed).toBe(0);
    expect(rotated).toBeGreaterThanOrEqual(4 + sshKeys);
    const { id, value } = await secret();
    expect(newOnly.decrypt(value, `user_secrets:${id}`)).toBe('hunter2');
    for (const { privateKey } of await t.db.select().from(gitSshKeys)) {
      expect(newOnly.decrypt(privateKey)).toContain('PRIVATE KEY');
    }
    const links = await t.db.select().from(userLinks).orderBy(userLinks.loginType);
    expect(
      links.map((link) => [link.accessToken, link.refreshToken].map((token) => token && newOnly.decrypt(token))),
    ).toEqual([
      ['', 'refresh'],
      ['access', ''],
    ]);
    expect(newOnly.decrypt(await setting('test_key'))).toBe('signing');
    expect(await setting('test_plain')).toBe('{"v1:":true}');
  });

  test('a second run finds nothing to do', async () => {
    await rotate();
    const before = await secret();
    expect(await rotate()).toEqual({ rotated: 0, failed: 0 });
    expect(await secret()).toEqual(before);
  });

  test('it goes on where it was interrupted', async () => {
    const all = (await rotate()).rotated;
    const { id } = await secret();
    await t.db.update(userSecrets).set({ value: t.deps.secretBox.encrypt('again', `user_secrets:${id}`) });
    expect(all).toBeGreaterThan(1);
    expect(await rotate()).toEqual({ rotated: 1, failed: 0 });
  });

  test('more than one batch is read to the end', async () => {
    await t.db.execute(sql`insert into user_secrets (id, user_id, name, value, value_bytes, created_at, updated_at)
      select gen_random_uuid(), ${user.id}, 'many-' || n, '', 1, '2026-01-01', '2026-01-01' from generate_series(1, 250) n`);
    for (const { id } of await t.db.select({ id: userSecrets.id }).from(userSecrets).where(eq(userSecrets.value, ''))) {
      const value = t.deps.secretBox.encrypt('x', `user_secrets:${id}`);
      await t.db.update(userSecrets).set({ value }).where(eq(userSecrets.id, id));
    }
    expect((await rotate()).failed).toBe(0);
    const rows = await t.db.select().from(userSecrets);
    expect(rows).toHaveLength(251);
    expect(rows.filter(({ value }) => newOnly.needsReencryption(value))).toEqual([]);
  });

  test('what was stored without a key is encrypted', async () => {
    const { id } = await secret();
    await t.db.update(userSecrets).set({ value: createSecretBox([]).encrypt('hunter2', `user_secrets:${id}`) });
    await rotate();
    expect(newOnly.decrypt((await secret()).value, `user_secrets:${id}`)).toBe('hunter2');
  });

  test('texts of an unknown key, and texts moved from another row, are counted, kept and do not stop the rest', async () => {
    const stranger = createSecretBox([Buffer.alloc(32, 9).toString('base64')]).encrypt('signing');
    await t.db.update(siteSettings).set({ value: stranger }).where(eq(siteSettings.key, 'test_key'));
    const moved = t.deps.secretBox.encrypt('hunter2', 'user_secrets:another');
    await t.db.update(userSecrets).set({ value: moved });
    const { rotated, failed } = await rotate();
    expect(failed).toBe(2);
    expect(rotated).toBeGreaterThanOrEqual(3);
    expect(await setting('test_key')).toBe(stranger);
    expect((await secret()).value).toBe(moved);
  });

  test('a secret written while it runs is not overwritten', async () => {
    const { id } = await secret();
    const written = both.encrypt('written meanwhile', `user_secrets:${id}`);
    const [read] = await listSealed(t.db, SEALED_COLUMNS.secrets, undefined, 10);
    if (!read) throw new Error('a secret was made');
    await t.db.update(userSecrets).set({ value: written });
    expect(await replaceSealed(t.db, SEALED_COLUMNS.secrets, read, both.encrypt('old', `user_secrets:${id}`))).toBe(
      false,
    );
    expect((await secret()).value).toBe(written);
  });
});
