// Applications that act for people, as owners enter them.
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const PATH = '/api/v2/oauth2-provider/apps';
const APP = { name: 'ide', callback_url: 'https://ide.example.com/cb', icon: '' };

let t: TestApp;
let member: TestUser;
beforeAll(async () => {
  t = await startApp();
  member = await aUser(t, { login_type: 'none' });
});
const make = async (name = 'ide') => (await t.owner.post(PATH, { ...APP, name })).body.id as string;

test('everybody signed in sees them by name, of equal ones the newest first', async () => {
  const [older, newer, first] = [await make('zed'), await make('zed'), await make('abc')];
  const { status, body } = await member.client.get(PATH);
  expect(status).toBe(200);
  const ids = body.map(({ id }: { id: string }) => id);
  expect(ids.filter((id: string) => [older, newer, first].includes(id))).toEqual([first, newer, older]);
  expect((await t.anonymous.get(PATH)).status).toBe(401);
});

test('a change replaces all of it', async () => {
  const id = await make();
  await t.owner.put(`${PATH}/${id}`, { ...APP, icon: '/icon.svg' });
  expect(await t.owner.put(`${PATH}/${id}`, { name: 'other', callback_url: 'http://localhost/cb' })).toMatchObject({
    status: 200,
    body: { id, name: 'other', callback_url: 'http://localhost/cb', icon: '' },
  });
});

test.each([
  [{ name: 'x y' }, 'name'],
  [{ name: 'x'.repeat(65) }, 'name'],
  [{ callback_url: 'javascript:alert(1)' }, 'callback_url'],
  [{ callback_url: 'https://' }, 'callback_url'],
  [{ callback_url: 'https://a b' }, 'callback_url'],
])('%j is refused', async (wrong, field) => {
  const { status, body } = await t.owner.post(PATH, { ...APP, ...wrong });
  expect([status, body.validations?.[0]?.field]).toEqual([400, field]);
});

describe('secrets', () => {
  test('are shown once, kept as a hash, and gone with their application', async () => {
    const id = await make();
    const { status, body } = await t.owner.post(`${PATH}/${id}/secrets`);
    expect([status, body.client_secret_full]).toEqual([201, expect.stringMatching(/^coder_\w{10}_\w{40}$/)]);
    const listed = (await t.owner.get(`${PATH}/${id}/secrets`)).body;
    expect(listed).toEqual([
      { id: body.id, last_used_at: null, client_secret_truncated: body.client_secret_full.slice(-6) },
    ]);
    const { rows } = await t.pool.query('select to_jsonb(s)::text as row from oauth2_app_secrets s');
    expect(rows.map(({ row }) => row).join()).not.toContain(body.client_secret_full.slice(17));
    expect((await t.owner.delete(`${PATH}/${id}/secrets/${body.id}`)).status).toBe(204);
    expect((await t.owner.delete(`${PATH}/${id}/secrets/${body.id}`)).status).toBe(404);
    await t.owner.post(`${PATH}/${id}/secrets`);
    expect((await t.owner.delete(`${PATH}/${id}`)).status).toBe(204);
    expect((await t.pool.query('select from oauth2_app_secrets where app_id = $1', [id])).rowCount).toBe(0);
  });

  test('of one application are not found under another', async () => {
    const [id, other] = [await make(), await make()];
    const { body } = await t.owner.post(`${PATH}/${id}/secrets`);
    expect((await t.owner.delete(`${PATH}/${other}/secrets/${body.id}`)).status).toBe(404);
    expect((await t.owner.get(`${PATH}/${id}/secrets`)).body).toHaveLength(1);
  });
});

test('members change nothing and see no secrets', async () => {
  const id = await make();
  await t.owner.post(`${PATH}/${id}/secrets`);
  const count = async () => (await t.owner.get(PATH)).body.length;
  const before = await count();
  for (const answer of [
    await member.client.post(PATH, APP),
    await member.client.put(`${PATH}/${id}`, { ...APP, name: 'taken' }),
    await member.client.delete(`${PATH}/${id}`),
    await member.client.get(`${PATH}/${id}/secrets`),
    await member.client.post(`${PATH}/${id}/secrets`),
  ])
    expect([answer.status, answer.body.message]).toEqual([403, 'Forbidden.']);
  expect(await count()).toBe(before);
  expect((await t.owner.get(`${PATH}/${id}`)).body.name).toBe('ide');
  expect((await t.owner.get(`${PATH}/${id}/secrets`)).body).toHaveLength(1);
});

test('changes are written down without the secret', async () => {
  const id = await make('audited');
  const { body } = await t.owner.post(`${PATH}/${id}/secrets`);
  const { audit_logs } = (await t.owner.get('/api/v2/audit?limit=2')).body;
  expect(audit_logs).toMatchObject([
    {
      action: 'create',
      resource_type: 'oauth2_provider_app_secret',
      resource_target: body.client_secret_full.slice(-6),
    },
    { action: 'create', resource_type: 'oauth2_provider_app', resource_target: 'audited' },
  ]);
  expect(JSON.stringify(audit_logs)).not.toContain(body.client_secret_full.slice(17, 40));
});
