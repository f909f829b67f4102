// Rule 24: the contract document states how large each part of an answer can get, wherever there is such a size.
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { TEMPLATES } from '../../src/codersdk/notification-templates.ts';
import { MAX_DESCRIPTION, MAX_REFUSAL, MAX_VALIDATIONS } from '../../src/codersdk/sizes.ts';
import { ApiError } from '../../src/errors.ts';
import { type ApiDocument, apiDocument } from '../../src/http/openapi.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aName, aUser } from '../support/factories.ts';
import { answerPlacesOf, operationsOf, tooLargeFor, unbounded } from '../support/places.ts';

let t: TestApp;
let document: ApiDocument;
beforeAll(async () => {
  t = await startApp();
  document = apiDocument(t.app);
});

/** What has no size of its own, by the reason. A place that gets one leaves this list. */
const ENDLESS: Record<string, string[]> = {
  'as many as the deployment has, on one page unless a limit is asked for': [
    ...['GET /api/v2/organizations 200', 'GET /api/v2/organizations/{organization}/members 200'],
    ...['GET /api/v2/oauth2-provider/apps 200', 'GET /api/v2/oauth2-provider/apps/{app}/secrets 200'],
    ...['codersdk.GetUsersResponse.users', 'codersdk.PaginatedMembersResponse.members'],
    ...['codersdk.AuditLogResponse.audit_logs', 'TestIDPSyncResponse.organizations', 'TestIDPSyncResponse.notes'],
  ],
  'as many as somebody has made, or is a member of': [
    ...['GET /api/v2/users/{user}/keys 200', 'GET /api/v2/users/{user}/keys/tokens 200'],
    ...['GET /api/v2/users/{user}/organizations 200', 'GET /api/v2/users/{user}/roles 200.organization_roles'],
    'codersdk.User.organization_ids',
  ],
  'a file, sent in pieces': ['GET /api/v2/audit/export 200'],
  'a setting of this server, or an address below that of the server, which is one': [
    ...['GET /api/v2/experiments 200', 'GET /api/v2/experiments 200.[]'],
    ...['codersdk.AppearanceConfig.docs_url', 'codersdk.AppearanceConfig.support_links'],
    ...['codersdk.LinkConfig.icon', 'codersdk.LinkConfig.name', 'codersdk.LinkConfig.target'],
    ...['codersdk.AuthMethods.terms_of_service_url', 'codersdk.BuildInfoResponse.dashboard_url'],
    ...['codersdk.BuildInfoResponse.upgrade_message', 'codersdk.BuildInfoResponse.version'],
    ...['codersdk.InboxNotificationAction.url', 'codersdk.OAuth2AppEndpoints.authorization'],
    ...['codersdk.OAuth2AppEndpoints.device_authorization', 'codersdk.OAuth2AppEndpoints.token'],
    ...['codersdk.OAuth2AppEndpoints.token_revoke', 'codersdk.OAuth2DeviceFlowCallbackResponse.redirect_url'],
    ...['codersdk.OIDCAuthMethod.iconUrl', 'codersdk.OIDCAuthMethod.signInText', 'codersdk.Region.path_app_url'],
    ...['codersdk.SSHConfigResponse.hostname_prefix', 'codersdk.SSHConfigResponse.hostname_suffix'],
    ...['codersdk.SSHConfigResponse.ssh_config_options', 'codersdk.SSHConfigResponse.ssh_config_options.{name}'],
    ...['codersdk.SSHConfigResponse.ssh_config_options.{}', 'codersdk.UpdateCheckResponse.version'],
    ...['healthsdk.HealthcheckReport.access_url.access_url', 'healthsdk.HealthcheckReport.coder_version'],
    'serpent.Option.default',
  ],
  'what an identity provider says': [
    ...['GET /api/v2/settings/idpsync/available-fields 200', 'GET /api/v2/settings/idpsync/available-fields 200.[]'],
    ...['GET /api/v2/settings/idpsync/field-values 200', 'GET /api/v2/settings/idpsync/field-values 200.[]'],
    'GET /api/v2/organizations/{organization}/settings/idpsync/available-fields 200',
    'GET /api/v2/organizations/{organization}/settings/idpsync/available-fields 200.[]',
    'GET /api/v2/organizations/{organization}/settings/idpsync/field-values 200',
    'GET /api/v2/organizations/{organization}/settings/idpsync/field-values 200.[]',
    ...['TestIDPSyncResponse.organizations.[].groups', 'TestIDPSyncResponse.organizations.[].groups.[].id'],
    'TestIDPSyncResponse.organizations.[].groups.[].name',
    ...['codersdk.ExternalAuthDevice.device_code', 'codersdk.ExternalAuthDevice.user_code'],
    ...['codersdk.ExternalAuthDevice.verification_uri', 'codersdk.OIDCClaimsResponse.claims'],
    ...['codersdk.OIDCClaimsResponse.claims.{name}', 'codersdk.OIDCClaimsResponse.claims.{}'],
  ],
  'came with the move from another deployment': [
    ...[
      'GET /api/v2/users/{user}/autofill-parameters 200',
      'codersdk.UserParameter.name',
      'codersdk.UserParameter.value',
    ],
  ],
  'any JSON': [
    ...['codersdk.AuditDiffField.new', 'codersdk.AuditDiffField.old', 'codersdk.AuditLog.additional_fields.{}'],
    ...['codersdk.DeploymentConfig.config.{}', 'codersdk.RegionsResponse-codersdk_WorkspaceProxy.regions.[]'],
    'serpent.Option.value',
  ],
};

test('every text, list, map and whole number of every answer has a bound, or a reason to have none', () => {
  const places = answerPlacesOf(document);
  expect(places.size).toBeGreaterThan(400);
  const found = [...places].filter(([, schema]) => unbounded({ schema })).map(([name]) => name);
  expect(found.sort()).toEqual(Object.values(ENDLESS).flat().sort());
});

test('what the server answers is within the bounds of its type', async () => {
  // Largest names, of characters that are several bytes each.
  const { id } = await aUser(t);
  const profile = { username: 'z'.repeat(32), name: 'é'.repeat(64) };
  expect((await t.owner.put(`/api/v2/users/${id}/profile`, profile)).status).toBe(200);
  const fill: Record<string, string> = { user: id, organization: 'coder', notification_template: TEMPLATES.created.id };
  const wrong: string[] = [];
  let successes = 0;
  for (const { method, path, operation } of operationsOf(document)) {
    if (method !== 'GET') continue;
    const answer = await t.owner.get(
      path.replace(/\{(\w+)\}/g, (_, parameter: string) => fill[parameter] ?? 'nothing'),
    );
    const schema = operation.responses[answer.status]?.content?.['application/json']?.schema;
    if (schema) wrong.push(...tooLargeFor(document, schema, answer.body, `${path} ${answer.status}`));
    if (schema && answer.status === 200) successes += 1;
  }
  expect(wrong).toEqual([]);
  expect(successes).toBeGreaterThan(50);
});

describe('a refusal', () => {
  const answered = () => document.components.schemas['codersdk.Response'] ?? {};

  test('shows the beginning of what was sent, in whole characters', async () => {
    const username = aName();
    const body = {
      username: `${username}${'😀'.repeat(10_000)}`,
      email: `${username}@example.com`,
      password: PASSWORD,
    };
    const answer = await t.owner.post('/api/v2/users', body);
    expect(answer.status).toBe(400);
    expect(tooLargeFor(document, answered(), answer.body, 'refusal')).toEqual([]);
    const { field, detail } = answer.body.validations[0];
    expect(field).toBe('username');
    expect(detail).toMatch(/^Validation failed for tag "username" with value: "/);
    expect(detail).toMatch(/😀…$/u);
    expect(detail.isWellFormed()).toBe(true);
    expect((await t.owner.get(`/api/v2/users?q=${username}`)).body.count).toBe(0);
  });

  test('has a size in every part, however much is wrong', () => {
    const long = 'x'.repeat(MAX_REFUSAL + 1);
    const validations = Array.from({ length: MAX_VALIDATIONS + 1 }, () => ({ field: long, detail: long }));
    const { message, detail, validations: told } = new ApiError(400, long, { detail: long, validations });
    expect(tooLargeFor(document, answered(), { message, detail, validations: told }, 'refusal')).toEqual([]);
    const exact = 'x'.repeat(MAX_REFUSAL);
    expect(new ApiError(400, exact, { detail: exact })).toMatchObject({ message: exact, detail: exact });
  });
});

test('a bound in an answer is no rule: what is larger in the database is answered whole', async () => {
  const description = 'x'.repeat(MAX_DESCRIPTION * 2);
  await t.db.execute(sql`update organizations set description = ${description} where id = ${t.organizationId}`);
  const answer = await t.owner.get('/api/v2/organizations/coder');
  expect([answer.status, answer.body.description]).toEqual([200, description]);
  const schema = document.components.schemas['codersdk.Organization'] ?? {};
  expect(tooLargeFor(document, schema, answer.body, 'organization')).toEqual([
    `organization.description: ${description.length}`,
  ]);
});
