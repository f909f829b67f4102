// Who may share workspaces in an organization: kept and shown.
import { beforeAll, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser } from '../support/factories.ts';

let t: TestApp;
let path: string;
beforeAll(async () => {
  t = await startApp();
  path = `/api/v2/organizations/${t.organizationId}/settings/workspace-sharing`;
});

test('administrators of the organization change it, with the older field, too', async () => {
  const admin = await aUser(t, { login_type: 'none' });
  await t.owner.put(`/api/v2/organizations/${t.organizationId}/members/${admin.id}/roles`, {
    roles: ['organization-admin'],
  });
  for (const [input, owners] of [
    [{ sharing_disabled: true }, 'none'],
    [{ shareable_workspace_owners: 'service_accounts' }, 'service_accounts'],
    [{ shareable_workspace_owners: 'none' }, 'none'],
    [{}, 'everyone'],
  ] as const) {
    const expected = { sharing_disabled: owners === 'none', shareable_workspace_owners: owners };
    expect(await admin.client.patch(path, input)).toMatchObject({ status: 200, body: expected });
    expect((await admin.client.get(path)).body).toMatchObject(expected);
  }
});

test('another value is refused and changes nothing', async () => {
  const { status, body } = await t.owner.patch(path, { shareable_workspace_owners: 'zz' });
  expect([status, body.validations[0].field]).toEqual([400, 'shareable_workspace_owners']);
  expect((await t.owner.get(path)).body.shareable_workspace_owners).toBe('everyone');
});

test('members and site administrators of users only read it', async () => {
  for (const roles of [[], ['user-admin'], ['auditor']]) {
    const { client } = await aUser(t, { login_type: 'none', roles });
    expect((await client.patch(path, { sharing_disabled: true })).status).toBe(403);
    expect((await client.get(path)).body.sharing_disabled).toBe(false);
  }
});

test('where the deployment forbids it, nobody shares', async () => {
  const other = await startApp({ env: { CODER_DISABLE_WORKSPACE_SHARING: 'true' } });
  const own = `/api/v2/organizations/${other.organizationId}/settings/workspace-sharing`;
  const nobody = { sharing_globally_disabled: true, sharing_disabled: true, shareable_workspace_owners: 'none' };
  expect((await other.owner.get(own)).body).toEqual(nobody);
  expect((await other.owner.patch(own, { shareable_workspace_owners: 'everyone' })).body).toEqual(nobody);
});
