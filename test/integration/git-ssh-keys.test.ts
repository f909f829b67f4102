// The Git SSH key of a user: shown without its private half, replaced on demand.
import { createPublicKey } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseInstant, SECOND } from '../../src/clock.ts';
import { auditLogs } from '../../src/store/schema.ts';
import { gitSshKeys } from '../../src/store/schema-belongings.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';
import { readOpenssh, readPublicLine } from '../support/ssh.ts';

let t: TestApp;
let auditor: TestUser;
let userAdmin: TestUser;

beforeAll(async () => {
  t = await startApp();
  auditor = await aUser(t, { roles: ['auditor'] });
  userAdmin = await aUser(t, { roles: ['user-admin'] });
});

const path = (name: string) => `/api/v2/users/${name}/gitsshkey`;
const keyRow = async (userId: string) => (await t.db.select().from(gitSshKeys).where(eq(gitSshKeys.userId, userId)))[0];

describe('GET /users/{user}/gitsshkey', () => {
  test('every user has a key from the start, service accounts too', async () => {
    const [person, bot] = [await aUser(t), await aUser(t, { service_account: true })];
    for (const { id, username } of [person, bot]) {
      const answer = await t.owner.get(path(username));
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body).sort()).toEqual(['created_at', 'public_key', 'updated_at', 'user_id']);
      expect(answer.body).toMatchObject({ user_id: id, updated_at: answer.body.created_at });
      expect(answer.body.public_key).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+\n$/);
    }
  });

  test('401 without a session', async () => {
    expect((await t.anonymous.get(path('me'))).status).toBe(401);
  });

  test('403 for who sees the user but not personal data; 404 for a member about somebody else', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    expect((await auditor.client.get(path(other.username))).status).toBe(403);
    expect((await one.client.get(path(other.username))).status).toBe(404);
  });

  test('404 for the system user, which has none', async () => {
    expect((await t.owner.get(path('prebuilds'))).status).toBe(404);
    expect((await t.owner.put(path('prebuilds'))).status).toBe(404);
  });
});

describe('PUT /users/{user}/gitsshkey', () => {
  test('makes a new pair; the time of creation stays', async () => {
    const { client, username } = await aUser(t);
    const first = (await client.get(path('me'))).body;
    t.clock.advance(5 * SECOND);
    for (const [caller, name] of [
      [client, 'me'],
      [t.owner, username],
      [userAdmin.client, username],
    ] as const) {
      const before = (await client.get(path('me'))).body;
      const answer = await caller.put(path(name), '{"ignored": ');
      expect(answer.status).toBe(200);
      expect(answer.body.created_at).toBe(first.created_at);
      expect(parseInstant(answer.body.updated_at)).toBeGreaterThan(parseInstant(before.updated_at));
      expect(answer.body.public_key).not.toBe(before.public_key);
      expect((await client.get(path('me'))).body).toEqual(answer.body);
    }
  });

  test('the stored private half is encrypted and belongs to the public one', async () => {
    const { client, id } = await aUser(t);
    const { public_key } = (await client.put(path('me'))).body;
    const stored = (await keyRow(id))?.privateKey ?? '';
    expect(stored).toMatch(/^v1:/);
    const pem = t.deps.secretBox.decrypt(stored);
    expect(createPublicKey(readOpenssh(pem)).equals(readPublicLine(public_key))).toBe(true);
  });

  test('401 without a session', async () => {
    expect((await t.anonymous.put(path('me'))).status).toBe(401);
  });

  test('403 for who sees the user but not personal data, 404 for others; the key stays', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    const before = await keyRow(other.id);
    expect((await auditor.client.put(path(other.username))).status).toBe(403);
    expect((await one.client.put(path(other.username))).status).toBe(404);
    expect(await keyRow(other.id)).toEqual(before);
  });

  test('the key of a deleted user can be read by id and not replaced', async () => {
    const { id } = await aUser(t);
    const before = await keyRow(id);
    await t.owner.delete(`/api/v2/users/${id}`);
    expect((await t.owner.put(path(id))).status).toBe(404);
    expect((await t.owner.get(path(id))).body.public_key).toBe(before?.publicKey);
    expect(await keyRow(id)).toEqual(before);
  });

  test('is in the audit log without the private half', async () => {
    const { client, id } = await aUser(t);
    const before = (await client.get(path('me'))).body.public_key;
    const after = (await client.put(path('me'))).body.public_key;
    const entries = await t.db.select().from(auditLogs).where(eq(auditLogs.resourceId, id));
    const entry = entries.find(({ resourceType }) => resourceType === 'git_ssh_key');
    expect(entry).toMatchObject({ userId: id, action: 'write' });
    expect(entry?.diff).toEqual({
      public_key: { old: before, new: after, secret: false },
      private_key: { old: '', new: '', secret: true },
    });
  });
});

test('new keys are of the configured algorithm', async () => {
  const other = await startApp({ env: { CODER_SSH_KEYGEN_ALGORITHM: 'ecdsa' } });
  const made = (await other.owner.get(path('me'))).body.public_key;
  expect(made).toMatch(/^ecdsa-sha2-nistp256 /);
});
