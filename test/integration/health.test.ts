// The report on health: real checks, bounded in time, and its settings.
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';
import { freePort } from '../support/ports.ts';

const PATH = '/api/v2/debug/health';
const SETTINGS = `${PATH}/settings`;

let t: TestApp;
let member: TestUser;
let auditor: TestUser;
beforeAll(async () => {
  const port = await freePort();
  t = await startApp({ env: { CODER_ACCESS_URL: `http://127.0.0.1:${port}` } });
  await t.app.listen({ host: '127.0.0.1', port });
  member = await aUser(t, { login_type: 'none' });
  auditor = await aUser(t, { login_type: 'none', roles: ['auditor'] });
});

describe('GET /debug/health', () => {
  test('is well while the access URL leads here and the database takes writes', async () => {
    const { status, body } = await t.owner.get(PATH);
    expect([status, body.healthy, body.severity]).toEqual([200, true, 'ok']);
    expect(body.access_url).toMatchObject({ healthy: true, reachable: true, status_code: 200, healthz_response: 'OK' });
    expect(body.database).toMatchObject({ healthy: true, reachable: true, warnings: [] });
    expect([body.mail, body.identity_provider]).toEqual([undefined, undefined]);
  });

  test('is told in lines to whoever asks for text', async () => {
    const { text, headers } = await t.owner.get(`${PATH}?format=text`);
    expect([text, headers['content-type']]).toEqual(['access_url: ok\ndatabase: ok\n', 'text/plain; charset=utf-8']);
    expect((await t.owner.get(`${PATH}?format=xml`)).status).toBe(400);
  });

  test('says what cannot be reached, where it is set up, and no secret', async () => {
    const password = 'not-for-anybodys-eyes';
    const closed = await freePort();
    const other = await startApp({
      env: {
        CODER_ACCESS_URL: `http://127.0.0.1:${closed}`,
        CODER_EMAIL_SMARTHOST: `127.0.0.1:${closed}`,
        CODER_EMAIL_FROM: 'server@example.com',
        CODER_EMAIL_AUTH_USERNAME: 'server',
        CODER_EMAIL_AUTH_PASSWORD: password,
        CODER_OIDC_ISSUER_URL: `http://127.0.0.1:${closed}`,
        CODER_OIDC_CLIENT_ID: 'us',
      },
    });
    const { body, text } = await other.owner.get(PATH);
    expect([body.healthy, body.severity]).toEqual([false, 'error']);
    expect(body.access_url).toMatchObject({
      healthy: false,
      reachable: false,
      error: expect.stringMatching(/^EACS03/),
    });
    expect(body.mail.error).toMatch(/^EML01/);
    expect(body.identity_provider.error).toMatch(/^EIDP01/);
    expect(body.database.healthy).toBe(true);
    expect(text).not.toContain(password);
  });

  test('an access URL that never answers is given up', async () => {
    const silent = createServer(() => undefined);
    const port = await freePort();
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
    afterAll(() => silent.close());
    const other = await startApp({ env: { CODER_ACCESS_URL: `http://127.0.0.1:${port}` } });
    const { body } = await other.owner.get(PATH);
    expect(body.access_url.error).toMatch(/no answer within/);
  });

  test('is for owners', async () => {
    expect((await t.anonymous.get(PATH)).status).toBe(401);
    for (const { client } of [member, auditor]) {
      const refused = await client.get(PATH);
      expect([refused.status, refused.body.database]).toEqual([403, undefined]);
    }
  });
});

describe('/debug/health/settings', () => {
  const stored = async () => (await t.owner.get(SETTINGS)).body.dismissed_healthchecks;

  test('a section that is dismissed is marked, once', async () => {
    const body = { dismissed_healthchecks: ['DERP', 'Database'] };
    expect(await t.owner.put(SETTINGS, body)).toMatchObject({ status: 200, body });
    expect((await t.owner.put(SETTINGS, body)).status).toBe(204);
    const report = (await t.owner.get(PATH)).body;
    expect([report.derp.dismissed, report.database.dismissed, report.websocket.dismissed]).toEqual([true, true, false]);
    const { audit_logs } = (await t.owner.get('/api/v2/audit?q=resource_type:health_settings')).body;
    expect(audit_logs).toHaveLength(1);
    expect((await t.owner.put(SETTINGS, {})).body).toEqual({ dismissed_healthchecks: null });
    expect(await stored()).toEqual([]);
  });

  test('an unknown section is refused and changes nothing', async () => {
    const { status, body } = await t.owner.put(SETTINGS, { dismissed_healthchecks: ['derp'] });
    expect([status, body.detail]).toEqual([400, 'unknown healthcheck section: derp']);
    expect(await stored()).toEqual([]);
  });

  test('others neither see nor change it', async () => {
    for (const { client } of [member, auditor]) {
      expect((await client.get(SETTINGS)).status).toBe(403);
      expect((await client.put(SETTINGS, { dismissed_healthchecks: ['DERP'] })).status).toBe(403);
    }
    expect(await stored()).toEqual([]);
  });
});
