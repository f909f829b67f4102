// A user's settings: appearance, preferences and remembered form values.
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { auditLogs } from '../../src/store/schema.ts';
import { userConfigs } from '../../src/store/schema-belongings.ts';
import { autofillParameters } from '../../src/store/schema-import.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let auditor: TestUser;
let userAdmin: TestUser;

beforeAll(async () => {
  t = await startApp();
  auditor = await aUser(t, { roles: ['auditor'] });
  userAdmin = await aUser(t, { roles: ['user-admin'] });
});

const path = (name: string, what: string) => `/api/v2/users/${name}/${what}`;
const storedConfigs = (userId: string) => t.db.select().from(userConfigs).where(eq(userConfigs.userId, userId));
const tagged = (field: string, tag: string, value = '') => ({
  field,
  detail: `Validation failed for tag "${tag}" with value: "${value}"`,
});

const BLANK = { theme_preference: '', theme_mode: '', theme_light: '', theme_dark: '', terminal_font: '' };
const DARK = { theme_preference: 'dark', terminal_font: 'fira-code' };
const SYNC = { ...DARK, theme_mode: 'sync', theme_light: 'light-tritan', theme_dark: 'dark-protan-deuter' };

describe('GET and PUT /users/{user}/appearance', () => {
  test('a new user has nothing set', async () => {
    const { client } = await aUser(t);
    const answer = await client.get(path('me', 'appearance'));
    expect([answer.status, answer.body]).toEqual([200, BLANK]);
  });

  test('what was set is answered and kept', async () => {
    const { client } = await aUser(t);
    expect((await client.put(path('me', 'appearance'), SYNC)).body).toEqual(SYNC);
    expect((await client.get(path('me', 'appearance'))).body).toEqual(SYNC);
  });

  test.each([
    ['keeps mode and slots without a mode', { theme_light: 'dark', theme_dark: 'light' }, SYNC],
    ['keeps the slots under another mode', { theme_mode: 'single' }, { ...SYNC, theme_mode: 'single' }],
    [
      'changes one slot alone',
      { theme_mode: 'single', theme_dark: 'dark-tritan' },
      { ...SYNC, theme_mode: 'single', theme_dark: 'dark-tritan' },
    ],
    [
      'ends the mode for an automatic theme of old clients',
      { theme_preference: 'auto-tritan' },
      { ...SYNC, theme_preference: 'auto-tritan', theme_mode: '' },
    ],
    [
      'keeps a mode that comes with such a theme',
      { theme_preference: 'auto', theme_mode: 'single' },
      { ...SYNC, theme_preference: 'auto', theme_mode: 'single' },
    ],
  ])('a change %s', async (_what, change, expected) => {
    const { client } = await aUser(t);
    await client.put(path('me', 'appearance'), SYNC);
    const answer = await client.put(path('me', 'appearance'), { ...DARK, ...change });
    expect([answer.status, answer.body]).toEqual([200, expected]);
    expect((await client.get(path('me', 'appearance'))).body).toEqual(expected);
  });

  test.each([
    ['theme and font are missing', {}, [tagged('theme_preference', 'required'), tagged('terminal_font', 'required')]],
    [
      'a mode that follows the system lacks its slots',
      { ...DARK, theme_mode: 'sync' },
      [tagged('theme_light', 'required_if'), tagged('theme_dark', 'required_if')],
    ],
    [
      'mode and slots are unknown words',
      { theme_preference: 'dark', theme_mode: 'both', theme_light: 'sepia', theme_dark: 'midnight' },
      [
        tagged('theme_mode', 'oneof', 'both'),
        tagged('theme_light', 'oneof', 'sepia'),
        tagged('theme_dark', 'oneof', 'midnight'),
        tagged('terminal_font', 'required'),
      ],
    ],
  ])('400 naming every field: %s', async (_what, body, validations) => {
    const { client, id } = await aUser(t);
    const answer = await client.put(path('me', 'appearance'), body);
    expect([answer.status, answer.body]).toEqual([400, { message: 'Validation failed.', validations }]);
    expect(await storedConfigs(id)).toEqual([]);
  });

  test.each(['comic-sans', 'Fira-Code'])('400 for the font %s', async (font) => {
    const { client, id } = await aUser(t);
    const answer = await client.put(path('me', 'appearance'), { ...DARK, terminal_font: font });
    expect([answer.status, answer.body]).toEqual([400, { message: 'Unsupported font family.' }]);
    expect(await storedConfigs(id)).toEqual([]);
  });

  test('400 for a theme that cannot be stored', async () => {
    const { client } = await aUser(t);
    expect((await client.put(path('me', 'appearance'), { ...DARK, theme_preference: 'a\u0000' })).status).toBe(400);
  });

  test('401 without a session', async () => {
    expect((await t.anonymous.get(path('me', 'appearance'))).status).toBe(401);
    expect((await t.anonymous.put(path('me', 'appearance'), DARK)).status).toBe(401);
  });

  test('owners and user administrators read and write those of others', async () => {
    const { username } = await aUser(t);
    for (const client of [t.owner, userAdmin.client]) {
      expect((await client.put(path(username, 'appearance'), DARK)).status).toBe(200);
      expect((await client.get(path(username, 'appearance'))).body).toEqual({ ...BLANK, ...DARK });
    }
  });

  test('403 for who sees the user but not the settings; a bad body is told first', async () => {
    const { username, id } = await aUser(t);
    expect((await auditor.client.get(path(username, 'appearance'))).status).toBe(403);
    expect((await auditor.client.put(path(username, 'appearance'), DARK)).status).toBe(403);
    expect((await auditor.client.put(path(username, 'appearance'), {})).status).toBe(400);
    expect(await storedConfigs(id)).toEqual([]);
  });

  test('404 for a member about somebody else', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    expect((await one.client.get(path(other.username, 'appearance'))).status).toBe(404);
    expect((await one.client.put(path(other.username, 'appearance'), DARK)).status).toBe(404);
  });

  test('those of a deleted user can be read by id and not changed', async () => {
    const { client, id } = await aUser(t);
    await client.put(path('me', 'appearance'), DARK);
    await t.owner.delete(`/api/v2/users/${id}`);
    expect((await t.owner.put(path(id, 'appearance'), SYNC)).status).toBe(404);
    expect((await t.owner.get(path(id, 'appearance'))).body).toEqual({ ...BLANK, ...DARK });
  });

  test('a change is in no audit log, and leaves updated_at alone', async () => {
    const { client, id, username } = await aUser(t);
    await client.put(path('me', 'appearance'), DARK);
    const before = (await t.owner.get(`/api/v2/users/${id}`)).body.updated_at;
    await t.owner.put(path(username, 'appearance'), { ...DARK, terminal_font: 'geist-mono' });
    const entries = await t.db.select().from(auditLogs).where(eq(auditLogs.resourceId, id));
    expect(entries.map(({ action, resourceType }) => `${action} ${resourceType}`)).toEqual([
      'create user',
      'create api_key',
    ]);
    expect((await client.get(path('me', 'appearance'))).body.terminal_font).toBe('geist-mono');
    expect((await t.owner.get(`/api/v2/users/${id}`)).body.updated_at).toBe(before);
  });
});

const DEFAULTS = {
  task_notification_alert_dismissed: false,
  thinking_display_mode: 'auto',
  shell_tool_display_mode: 'always_collapsed',
  code_diff_display_mode: '',
  agent_chat_send_shortcut: 'enter',
};

describe('GET and PUT /users/{user}/preferences', () => {
  test('a new user has the defaults', async () => {
    const { client } = await aUser(t);
    const answer = await client.get(path('me', 'preferences'));
    expect([answer.status, answer.body]).toEqual([200, DEFAULTS]);
  });

  test('only what is given changes; null and empty text are not given', async () => {
    const { client } = await aUser(t);
    const all = {
      task_notification_alert_dismissed: true,
      thinking_display_mode: 'preview',
      shell_tool_display_mode: 'auto',
      code_diff_display_mode: 'always_expanded',
      agent_chat_send_shortcut: 'modifier_enter',
    };
    expect((await client.put(path('me', 'preferences'), all)).body).toEqual(all);
    for (const nothing of [
      {},
      'null',
      { task_notification_alert_dismissed: null, thinking_display_mode: '', agent_chat_send_shortcut: null },
    ]) {
      const answer = await client.put(path('me', 'preferences'), nothing);
      expect([answer.status, answer.body]).toEqual([200, all]);
    }
    const one = await client.put(path('me', 'preferences'), { task_notification_alert_dismissed: false });
    expect(one.body).toEqual({ ...all, task_notification_alert_dismissed: false });
  });

  test('a stored word that is no longer valid reads as the default', async () => {
    const { client, id } = await aUser(t);
    await t.db.insert(userConfigs).values([
      { userId: id, key: 'preference_thinking_display_mode', value: 'sideways' },
      { userId: id, key: 'preference_agent_chat_send_shortcut', value: 'space' },
      { userId: id, key: 'terminal_font', value: 'comic-sans' },
    ]);
    expect((await client.get(path('me', 'preferences'))).body).toEqual(DEFAULTS);
    expect((await client.get(path('me', 'appearance'))).body).toEqual(BLANK);
  });

  test.each([
    [
      { agent_chat_send_shortcut: 'space', thinking_display_mode: 'never' },
      'Invalid thinking display mode.',
      'thinking_display_mode',
      'must be one of: auto, preview, always_expanded, always_collapsed',
    ],
    [
      { shell_tool_display_mode: 'preview' },
      'Invalid shell tool display mode.',
      'shell_tool_display_mode',
      'must be one of: auto, always_expanded, always_collapsed',
    ],
    [
      { code_diff_display_mode: 'AUTO' },
      'Invalid code diff display mode.',
      'code_diff_display_mode',
      'must be one of: auto, always_expanded, always_collapsed',
    ],
    [
      { task_notification_alert_dismissed: true, agent_chat_send_shortcut: 'x' },
      'Invalid agent chat send shortcut.',
      'agent_chat_send_shortcut',
      'must be one of: enter, modifier_enter',
    ],
  ])('400 naming the first bad value of %j, and nothing is stored', async (body, message, field, detail) => {
    const { client, id } = await aUser(t);
    const answer = await client.put(path('me', 'preferences'), body);
    expect([answer.status, answer.body]).toEqual([400, { message, validations: [{ field, detail }] }]);
    expect(await storedConfigs(id)).toEqual([]);
  });

  test('400 for a value of another type', async () => {
    const { client } = await aUser(t);
    const answer = await client.put(path('me', 'preferences'), { task_notification_alert_dismissed: 'true' });
    expect([answer.status, answer.body.message]).toEqual([400, 'Request body must be valid JSON.']);
  });

  test('401 without a session', async () => {
    expect((await t.anonymous.get(path('me', 'preferences'))).status).toBe(401);
  });

  test('403 for who sees the user but not the preferences; 404 for a member about somebody else', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    expect((await auditor.client.get(path(other.username, 'preferences'))).status).toBe(403);
    expect((await auditor.client.put(path(other.username, 'preferences'), {})).status).toBe(403);
    expect(
      (await auditor.client.put(path(other.username, 'preferences'), { code_diff_display_mode: 'x' })).status,
    ).toBe(400);
    expect((await one.client.get(path(other.username, 'preferences'))).status).toBe(404);
    expect((await one.client.put(path(other.username, 'preferences'), {})).status).toBe(404);
  });

  test('parallel changes of different preferences are all kept', async () => {
    const { client } = await aUser(t);
    await Promise.all([
      client.put(path('me', 'preferences'), { task_notification_alert_dismissed: true }),
      client.put(path('me', 'preferences'), { thinking_display_mode: 'preview' }),
      client.put(path('me', 'preferences'), { shell_tool_display_mode: 'auto' }),
      client.put(path('me', 'preferences'), { agent_chat_send_shortcut: 'modifier_enter' }),
    ]);
    expect((await client.get(path('me', 'preferences'))).body).toEqual({
      task_notification_alert_dismissed: true,
      thinking_display_mode: 'preview',
      shell_tool_display_mode: 'auto',
      code_diff_display_mode: '',
      agent_chat_send_shortcut: 'modifier_enter',
    });
  });
});

describe('GET /users/{user}/autofill-parameters', () => {
  const TEMPLATE = '3c9e7f52-8f0b-4f57-9c2c-5d1f6a0b7e11';
  const required = { field: 'template_id', detail: 'Query param "template_id" is required and cannot be empty' };

  test('no form values are remembered', async () => {
    const { client, username } = await aUser(t);
    for (const [caller, name] of [
      [client, 'me'],
      [t.owner, username],
      [userAdmin.client, username],
    ] as const) {
      const answer = await caller.get(path(name, `autofill-parameters?template_id=${TEMPLATE.toUpperCase()}`));
      expect([answer.status, answer.body]).toEqual([200, []]);
    }
  });

  test('what came with an import is there by name, for its template and its user alone', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    const remember = (template: string, name: string, value: string) =>
      t.db.insert(autofillParameters).values({ userId: one.id, templateId: template, name, value });
    await remember(TEMPLATE, 'region', 'eu');
    await remember(TEMPLATE, 'Image', '');
    await remember('3c9e7f52-8f0b-4f57-9c2c-5d1f6a0b7e12', 'region', 'us');
    const query = `autofill-parameters?template_id=${TEMPLATE}`;
    const values = [
      { name: 'Image', value: '' },
      { name: 'region', value: 'eu' },
    ];
    expect((await one.client.get(path('me', query))).body).toEqual(values);
    expect((await userAdmin.client.get(path(one.username, query))).body).toEqual(values);
    expect((await other.client.get(path('me', query))).body).toEqual([]);
  });

  test.each([
    ['', [required]],
    ['?template_id=', [required]],
    ['?limit=1', [required, { field: 'limit', detail: '"limit" is not a valid query param' }]],
    ['?template_id=abc', [{ field: 'template_id', detail: 'Query param "template_id" must be a valid uuid' }]],
    [
      `?template_id=${TEMPLATE}&template_id=${TEMPLATE}`,
      [
        {
          field: 'template_id',
          detail:
            'Query param "template_id" provided more than once, found 2 times. Only provide 1 instance of this query param.',
        },
      ],
    ],
  ])('400 for the query "%s", to auditors too', async (query, validations) => {
    const { username } = await aUser(t);
    for (const client of [t.owner, auditor.client]) {
      const answer = await client.get(path(username, `autofill-parameters${query}`));
      expect([answer.status, answer.body]).toEqual([400, { message: 'Invalid query parameters.', validations }]);
    }
  });

  test('403 for who sees the user but not personal data; 404 for a member about somebody else', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    const query = `autofill-parameters?template_id=${TEMPLATE}`;
    expect((await auditor.client.get(path(other.username, query))).status).toBe(403);
    expect((await one.client.get(path(other.username, query))).status).toBe(404);
  });
});
