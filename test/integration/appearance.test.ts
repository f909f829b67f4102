// How the deployment presents itself, to clients and on its own pages.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const PATH = '/api/v2/appearance';
const FULL = {
  application_name: 'Ours & yours',
  logo_url: 'https://pictures.example.com/logo.svg',
  service_banner: { enabled: true, message: 'Down **tonight**', background_color: '#004852' },
  announcement_banners: [{ enabled: true, message: 'Hello', background_color: '#123456' }],
};

let t: TestApp;
let member: TestUser;
beforeAll(async () => {
  t = await startApp();
  member = await aUser(t, { login_type: 'none' });
});
beforeEach(async () => {
  await t.owner.put(PATH, {});
});
const page = (path = '/login') => t.anonymous.get(path, { accept: 'text/html' });

describe('GET /appearance', () => {
  test('is for everybody signed in: empty, with a link to the documentation', async () => {
    expect(await member.client.get(PATH)).toMatchObject({
      status: 200,
      body: {
        application_name: '',
        service_banner: { enabled: false },
        announcement_banners: [],
        support_links: [{ name: 'Documentation', target: 'https://coder.com/docs', icon: 'docs' }],
      },
    });
    const anonymous = await t.anonymous.get(PATH);
    expect([anonymous.status, anonymous.body.message]).toEqual([401, expect.stringMatching(/none provided$/)]);
  });

  test('shows the links that are set', async () => {
    const links = [{ name: 'Help', target: 'https://help.example.com', icon: 'chat' }];
    const other = await startApp({
      env: { CODER_SUPPORT_LINKS: JSON.stringify(links), CODER_DOCS_URL: 'https://d.example.com' },
    });
    expect((await other.owner.get(PATH)).body).toMatchObject({
      support_links: links,
      docs_url: 'https://d.example.com',
    });
  });
});

describe('PUT /appearance', () => {
  test('is kept, shown to everybody and written down', async () => {
    expect(await t.owner.put(PATH, FULL)).toMatchObject({ status: 200, body: FULL });
    expect((await member.client.get(PATH)).body).toMatchObject(FULL);
    const { audit_logs } = (await t.owner.get('/api/v2/audit?limit=1&q=resource_type:appearance')).body;
    expect(audit_logs[0]).toMatchObject({ action: 'write', resource_type: 'appearance', user: { id: t.ownerId } });
    expect(audit_logs[0].diff.application_name).toMatchObject({ old: '', new: FULL.application_name });
  });

  test.each([
    ['red', 'expected # prefix and 6 characters'],
    ['', 'expected # prefix and 6 characters'],
    ['#abc', 'expected # prefix and 6 characters'],
    ['#gggggg', 'expected hexadecimal digits'],
  ])('an announcement in the colour %j changes nothing', async (background_color, detail) => {
    const banners = [{ enabled: false, message: 'x', background_color }];
    const { status, body } = await t.owner.put(PATH, { ...FULL, announcement_banners: banners });
    expect([status, body.message, body.detail]).toEqual([400, `Invalid color format: "${background_color}"`, detail]);
    expect((await member.client.get(PATH)).body.application_name).toBe('');
  });

  test('members are refused before their body is read, and nothing changes', async () => {
    for (const body of [FULL, '{'])
      expect(await member.client.put(PATH, body)).toMatchObject({
        status: 403,
        body: { message: 'Insufficient permissions to update appearance' },
      });
    expect((await member.client.get(PATH)).body.application_name).toBe('');
  });

  test('texts and lists have bounds', async () => {
    for (const body of [
      { application_name: 'x'.repeat(1025) },
      { announcement_banners: Array.from({ length: 21 }, () => FULL.service_banner) },
    ])
      expect((await t.owner.put(PATH, body)).status).toBe(400);
  });
});

describe('pages', () => {
  test('show name, logo and banners, and nothing of them is markup but the little Markdown of messages', async () => {
    await t.owner.put(PATH, {
      ...FULL,
      service_banner: { ...FULL.service_banner, message: '<script>x</script> **b**' },
    });
    const { text, headers } = await page();
    expect(text).toContain('Sign in to Ours &amp; yours');
    expect(text).toContain('<img src="https://pictures.example.com/logo.svg" alt="">');
    expect(text).toContain('&lt;script&gt;x&lt;/script&gt; <strong>b</strong>');
    expect(text).not.toContain('<script>x');
    expect(headers['content-security-policy']).toContain("img-src 'self' data: https://pictures.example.com;");
  });

  test.each([
    'javascript:alert(1)',
    '//elsewhere.example.com/x.png',
    'https://a;script-src/x.png',
    "https://a'unsafe-inline'/x.png",
    'not a url',
    'ftp://example.com/x.png',
  ])('a logo at %s is not shown, and adds nothing to the policy', async (logo_url) => {
    await t.owner.put(PATH, { ...FULL, logo_url });
    const { text, headers } = await page();
    expect(text).not.toContain('<img');
    expect(headers['content-security-policy']).toContain("img-src 'self' data:;");
    expect(headers['content-security-policy']).not.toMatch(/script-src(?! 'self';)/);
  });

  test('banners that are switched off are not shown', async () => {
    await t.owner.put(PATH, { ...FULL, service_banner: { ...FULL.service_banner, enabled: false } });
    const { text } = await page();
    expect([text.includes('tonight'), text.includes('Hello')]).toEqual([false, true]);
  });

  test('are shown without any of it while the settings cannot be read', async () => {
    const other = await startApp();
    await other.pool.query(`insert into site_settings values ('appearance', 'damaged')`);
    const { status, text } = await other.anonymous.get('/login/device', { accept: 'text/html' });
    expect([status, text.includes('Sign in with GitHub')]).toEqual([200, true]);
  });
});
