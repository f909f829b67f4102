// Rule 38: settings are honoured or named. What is set in vain is said once at the start, an empty database address stops
// it, and every secret may come from a file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SETTINGS } from '../../src/config/documentation.ts';
import { UNHONOURED_REFERENCE_SETTINGS } from '../../src/config/reference-settings.ts';
import { type Config, readConfig, readSettings } from '../../src/config.ts';
import { StartError } from '../../src/start-error.ts';
import { cleanUp, preparedFolder, run, startServer } from '../support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'coder-users-settings-'));
afterAll(async () => {
  await cleanUp();
  rmSync(folder, { recursive: true });
});

/** A file with this content; its path. */
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const notesOf = (env: Record<string, string>) => readSettings(env).notes;
const OIDC = { CODER_OIDC_CLIENT_ID: 'x', CODER_OIDC_ISSUER_URL: 'https://id.example' };
const GITHUB = { CODER_OAUTH2_GITHUB_CLIENT_ID: 'x', CODER_OAUTH2_GITHUB_ALLOW_EVERYONE: 'true' };
const MAIL = { CODER_EMAIL_SMARTHOST: 'relay:25', CODER_EMAIL_FROM: 'a@b.example' };
const URL = 'postgres://u:secret@h/db';

describe('what is set in vain', () => {
  test.each([
    [{ CODER_HTTP_ADRESS: ':80' }, 'CODER_HTTP_ADRESS is unknown and has no effect; did you mean CODER_HTTP_ADDRESS?'],
    [{ CODER_COMPLETELY_DIFFERENT: 'x' }, 'CODER_COMPLETELY_DIFFERENT is unknown and has no effect'],
    [{ CODER_WILDCARD_ACCESS_URL: '*.x' }, 'CODER_WILDCARD_ACCESS_URL is a setting that this server does not honour'],
    [
      { ...OIDC, CODER_OIDC_GROUP_MAPPING: '{}' },
      'CODER_OIDC_GROUP_MAPPING shows in the settings of group sync only: this server keeps no groups',
    ],
    [{ CODER_OIDC_ISSUER_URL: 'https://x' }, 'CODER_OIDC_ISSUER_URL has no effect without CODER_OIDC_CLIENT_ID'],
    [{ CODER_OIDC_CLIENT_SECRET: 's' }, 'CODER_OIDC_CLIENT_SECRET has no effect without CODER_OIDC_CLIENT_ID'],
    [
      { CODER_OAUTH2_GITHUB_ALLOWED_ORGS: 'x' },
      'CODER_OAUTH2_GITHUB_ALLOWED_ORGS has no effect without CODER_OAUTH2_GITHUB_CLIENT_ID',
    ],
    [{ CODER_EMAIL_FROM: 'a@b.example' }, 'CODER_EMAIL_FROM has no effect without CODER_EMAIL_SMARTHOST'],
    [
      { ...MAIL, CODER_NOTIFICATIONS_EMAIL_FROM: 'c@d.example' },
      'CODER_NOTIFICATIONS_EMAIL_FROM has no effect beside CODER_EMAIL_FROM',
    ],
  ])('%j is named, and nothing else', (env, note) => {
    expect(notesOf(env)).toEqual([note]);
  });

  test.each([
    {},
    { ...OIDC, CODER_OIDC_CLIENT_SECRET: 's', CODER_OIDC_EMAIL_FIELD: 'mail' },
    { ...GITHUB, CODER_OAUTH2_GITHUB_CLIENT_SECRET: 's', CODER_OIDC_SIGNUPS_DISABLED_TEXT: 'no' },
    { ...MAIL, CODER_EMAIL_HELLO: 'x', CODER_NOTIFICATIONS_EMAIL_AUTH_USERNAME: 'u' },
    { CODER_VERBOSE: 'true', CODER_TELEMETRY: '', OTHER_SETTING: 'x' },
  ])('nothing is said of %j', (env) => {
    expect(notesOf(env)).toEqual([]);
  });

  test('the same names are known whatever is switched on, and none of them is on the list of the others', () => {
    const namesWith = (env: Record<string, string>) => [...readSettings(env).names].sort();
    expect(namesWith({ ...OIDC, ...GITHUB, ...MAIL })).toEqual(namesWith({}));
    expect(namesWith({}).length).toBeGreaterThan(80);
    expect(namesWith({}).filter((name) => UNHONOURED_REFERENCE_SETTINGS.has(name))).toEqual([]);
  });

  test('no value is shown', () => {
    expect(notesOf({ CODER_OIDC_CLIENT_SECRT: 'hush', CODER_SCIM_AUTH_HEADER: 'hush' }).join()).not.toContain('hush');
  });
});

const KEYS = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')];
const SECRETS: [variable: string, value: string, env: Record<string, string>, pick: (config: Config) => unknown][] = [
  ['CODER_PG_CONNECTION_URL', URL, {}, (c) => c.postgres.url],
  ['CODER_PG_DIRECT_CONNECTION_URL', URL, { CODER_PG_CONNECTION_URL: URL }, (c) => c.postgres.directUrl],
  ['CODER_OIDC_CLIENT_SECRET', 'hush', OIDC, (c) => c.oidc?.clientSecret],
  ['CODER_OAUTH2_GITHUB_CLIENT_SECRET', 'hush', GITHUB, (c) => c.github?.clientSecret],
  ['CODER_EMAIL_AUTH_PASSWORD', 'hush', MAIL, (c) => c.email?.auth.password],
  ['CODER_NOTIFICATIONS_EMAIL_AUTH_PASSWORD', 'hush', MAIL, (c) => c.email?.auth.password],
  ['CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS', KEYS.join(','), {}, (c) => c.encryption.keys.join(',')],
];

function refusal(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (err) {
    if (err instanceof StartError) return err.message;
    throw err;
  }
  throw new Error('the settings were taken');
}

describe.each(SECRETS)('%s', (variable, value, env, pick) => {
  test('is taken without the line ends behind it, from the variable and from a file', () => {
    for (const end of ['', '\n', '\r\n', '\n\n']) {
      expect(pick(readConfig({ ...env, [variable]: value + end }))).toBe(value);
      const path = file(variable, value + end);
      expect(pick(readConfig({ ...env, [`${variable}_FILE`]: path }))).toBe(value);
    }
  });

  test('comes from one place, which can be read and is not empty', () => {
    const path = file(variable, value);
    const both = refusal({ ...env, [variable]: value, [`${variable}_FILE`]: path });
    expect(both).toBe(`${variable}_FILE: cannot be used together with ${variable}`);
    const gone = join(folder, 'gone');
    const missing = refusal({ ...env, [`${variable}_FILE`]: gone });
    expect(missing).toBe(`${variable}_FILE: the file ${JSON.stringify(gone)} cannot be read (ENOENT)`);
    const empty = file('empty', '\n');
    expect(refusal({ ...env, [`${variable}_FILE`]: empty })).toBe(
      `${variable}_FILE: the file ${JSON.stringify(empty)} is empty`,
    );
  });
});

test('keys may stand one to a line in their file', () => {
  const path = file('keys', `${KEYS.join('\n')}\n`);
  expect(readConfig({ CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS_FILE: path }).encryption.keys).toEqual(KEYS);
});

test('a direct address without the other is no way to a database', () => {
  expect(refusal({ CODER_PG_DIRECT_CONNECTION_URL: URL })).toBe(
    'CODER_PG_DIRECT_CONNECTION_URL: needs CODER_PG_CONNECTION_URL',
  );
});

describe('the server', () => {
  test.each(['CODER_PG_CONNECTION_URL', 'CODER_PG_CONNECTION_URL_FILE'])(
    'does not start with an empty %s',
    async (name) => {
      for (const empty of ['', '\n']) {
        const { code, stderr } = await run(['server'], { [name]: empty }).finished;
        expect([code, stderr]).toEqual([1, `coder-users: ${name}: is set but empty\n`]);
      }
    },
  );

  test('names each setting once at its start', async () => {
    const server = await startServer({
      CODER_USERS_DATA_DIR: await preparedFolder(),
      CODER_HTTP_ADRESS: ':80',
      CODER_WILDCARD_ACCESS_URL: '*.example.com',
    });
    await server.stop();
    const named = server.log().filter(({ msg }) => msg.startsWith('CODER_'));
    expect(named).toMatchObject([{ level: 40 }, { level: 40 }]);
    expect(named.map(({ msg }) => msg)).toEqual([
      'CODER_HTTP_ADRESS is unknown and has no effect; did you mean CODER_HTTP_ADDRESS?',
      'CODER_WILDCARD_ACCESS_URL is a setting that this server does not honour',
    ]);
  });
});

describe('durations', () => {
  const refusalOf = (name: string, value: string) => {
    try {
      readSettings({ [name]: value });
    } catch (err) {
      return (err as Error).message;
    }
    return '';
  };
  const durations = SETTINGS.flatMap(({ settings }) => settings.map(({ name }) => name)).filter((name) =>
    refusalOf(name, 'a fortnight').includes('is not a duration'),
  );

  test('there are some', () => {
    expect(durations).toEqual(expect.arrayContaining(['CODER_SESSION_DURATION', 'CODER_AUDIT_LOGS_RETENTION']));
  });

  test.each(durations)('%s takes every spelling of one', (name) => {
    // Some are too short or too long for what they are for, which is another matter.
    for (const value of ['0', '36h', '1h30m', '7d', '1d12h', '1.5h', '90s', '500ms'])
      expect(refusalOf(name, value)).not.toContain('is not a duration');
    for (const value of ['7', '1w', '1 h', 'h']) expect(refusalOf(name, value)).toContain('is not a duration');
  });
});
