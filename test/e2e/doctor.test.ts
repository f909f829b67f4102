// What the doctor finds: nothing where all is well, each trouble with what to do about it, and it changes nothing.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { checkCertificates, endFinding } from '../../src/commands/doctor/certificates.ts';
import type { Finding } from '../../src/commands/doctor/finding.ts';
import { clockFinding } from '../../src/commands/doctor/finding.ts';
import { checkSettings } from '../../src/commands/doctor/settings.ts';
import { readSettings } from '../../src/config.ts';
import { withClient } from '../../src/postgres/client.ts';
import { selfSigned } from '../support/certificates.ts';
import { startOidcProvider } from '../support/oidc-provider.ts';
import { freePort } from '../support/ports.ts';
import { cloneDatabase, emptyDatabase } from '../support/postgres.ts';
import { cleanUp, dataFolder, run, startServer } from '../support/server.ts';
import { startSmtp } from '../support/smtp.ts';

afterAll(cleanUp);

const KEY = Buffer.alloc(32, 3).toString('base64');
const STRANGER = Buffer.alloc(32, 4).toString('base64');

async function examine(env: Record<string, string>): Promise<{ code: number | null; findings: Finding[] }> {
  const { code, stdout } = await run(['doctor', '--json'], env).finished;
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  expect(ok).toBe(code === 0);
  return { code, findings };
}
const of = (findings: Finding[], topic: string) => findings.filter((finding) => finding.topic === topic);
const failures = (findings: Finding[]) => findings.filter(({ state }) => state === 'failure').map(({ text }) => text);

/** How many rows of each table were ever written, in this database. */
const written = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query(
      `select (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where relname <> 'site_settings') as rows,
         (select count(*) from pg_class where relkind in ('r', 'i')) as things, (select count(*) from site_settings) as settings`,
    );
    return rows[0];
  });

describe('beside a healthy server', () => {
  let env: Record<string, string>;
  let url: string;
  beforeAll(async () => {
    url = (await cloneDatabase()).url;
    const port = await freePort();
    const accessUrl = `http://127.0.0.1:${port}`;
    const provider = await startOidcProvider({ accounts: {}, appUrl: accessUrl });
    const relay = await startSmtp();
    onClose.push(provider.close, relay.close);
    env = {
      ...provider.env,
      CODER_PG_CONNECTION_URL: url,
      CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: KEY,
      CODER_HTTP_ADDRESS: `127.0.0.1:${port}`,
      CODER_ACCESS_URL: accessUrl,
      CODER_EMAIL_SMARTHOST: `127.0.0.1:${relay.port}`,
      CODER_EMAIL_FROM: 'coder@example.com',
      CODER_EMAIL_AUTH_USERNAME: 'kim',
      CODER_EMAIL_AUTH_PASSWORD: 'pass',
    };
    await startServer(env);
    mails = () => relay.mails.length;
    credentials = () => relay.credentials;
  });
  const onClose: (() => Promise<unknown>)[] = [];
  let mails: () => number;
  let credentials: () => readonly string[];
  afterAll(() => Promise.all(onClose.map((close) => close())));

  test('everything is found well, in plain words, nothing is written and no mail sent', async () => {
    const before = await written(url);
    const { code, stdout, stderr } = await run(['doctor'], env).finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual([
      'ok      settings',
      ...Array(4).fill('ok      database'),
      'ok      encryption',
      'ok      mail',
      ...Array(3).fill('ok      OpenID Connect'),
      'ok      address',
    ]);
    expect(credentials()).toEqual(['\0kim\0pass']);
    expect(mails()).toBe(0);
    expect(await written(url)).toEqual(before);
  });

  test('each thing that is wrong is a failure that says what to do', async () => {
    const { code, findings } = await examine({
      ...env,
      CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: STRANGER,
      CODER_EMAIL_SMARTHOST: '127.0.0.1:1',
      CODER_OIDC_ISSUER_URL: `${env.CODER_OIDC_ISSUER_URL}/other`,
      CODER_ACCESS_URL: `http://127.0.0.1:${await freePort()}`,
    });
    expect(code).toBe(1);
    expect(failures(of(findings, 'encryption'))).toEqual([
      expect.stringMatching(/keys that are not there: [0-9a-f]{16}$/),
    ]);
    expect(failures(of(findings, 'mail'))).toEqual([expect.stringContaining('ECONNREFUSED')]);
    expect(failures(of(findings, 'OpenID Connect'))).toEqual([expect.stringContaining('no discovery document')]);
    expect(failures(of(findings, 'address'))).toEqual([expect.stringContaining('does not lead to it')]);
    expect(findings.filter(({ state, remedy }) => state !== 'ok' && !remedy)).toEqual([]);
    expect(JSON.stringify(findings)).not.toContain(STRANGER);
  });

  test('another deployment at the access URL, and a database without a key', async () => {
    const { findings } = await examine({
      CODER_PG_CONNECTION_URL: (await cloneDatabase()).url.replace(/\?|$/, '?'),
      CODER_ACCESS_URL: env.CODER_ACCESS_URL ?? '',
    });
    expect(failures(of(findings, 'encryption'))).toEqual([expect.stringContaining('stored as plain text')]);
    // Clones of one template are one deployment by name.
    expect(of(findings, 'address')).toEqual([expect.objectContaining({ state: 'ok' })]);
  });
});

describe('a database', () => {
  test('that is empty is fine, one that does not answer, is read-only, of a newer program or closed to its role is not', async () => {
    const base = { CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: KEY };
    const of = async (url: string) => {
      const { findings } = await examine({ ...base, CODER_PG_CONNECTION_URL: url });
      return findings.filter(({ topic }) => topic === 'database');
    };
    const { url: empty } = await emptyDatabase();
    expect(await of(empty)).toContainEqual(
      expect.objectContaining({ state: 'ok', text: expect.stringContaining('it is empty') }),
    );
    expect(
      (await withClient(empty, (client) => client.query('select from pg_tables where schemaname = $1', ['public'])))
        .rowCount,
    ).toBe(0);
    expect(failures(await of('postgres://kim:secret@127.0.0.1:1/db'))).toEqual([
      expect.stringContaining('ECONNREFUSED'),
    ]);
    const { url: newer } = await cloneDatabase();
    await withClient(newer, async (client) => {
      const { rows } = await client.query('select current_database() as name');
      await client.query(`alter database ${rows[0].name} set default_transaction_read_only = on`);
      await client.query('begin read write');
      await client.query(`insert into coder_users_migrations (hash, created_at) values ('x', 9999999999999)`);
      await client.query('commit');
    });
    expect(failures(await of(newer))).toEqual([
      expect.stringContaining('read-only'),
      expect.stringContaining('made by a newer program'),
    ]);
  });

  test('that is to be made is not made', async () => {
    const nowhere = dataFolder();
    const { findings } = await examine({ CODER_USERS_DATA_DIR: nowhere });
    expect(of(findings, 'database')).toEqual([
      expect.objectContaining({ state: 'ok', text: expect.stringContaining('there is none') }),
    ]);
    expect(of(findings, 'disk')).toEqual([expect.objectContaining({ state: expect.stringMatching(/ok|warning/) })]);
    expect(existsSync(nowhere)).toBe(false);
  });
});

test('an address at which something else answers is a failure or a warning, never fine', async () => {
  const other = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { findings } = await examine({
    CODER_USERS_DATA_DIR: dataFolder(),
    CODER_ACCESS_URL: `http://127.0.0.1:${(other.address() as AddressInfo).port}`,
  });
  expect(of(findings, 'address')).toEqual([
    expect.objectContaining({
      state: expect.stringMatching(/warning|failure/),
      text: expect.stringContaining('no server of this API'),
    }),
  ]);
});

test('settings that stop the start are said like that', async () => {
  const { code, findings } = await examine({ CODER_HTTP_ADDRESS: 'nowhere' });
  expect([code, findings]).toEqual([1, [expect.objectContaining({ topic: 'settings', state: 'failure' })]]);
});

test.each<[string, Record<string, string>, Finding['state'], RegExp]>([
  [
    'secure cookies over http',
    { CODER_ACCESS_URL: 'http://x.example', CODER_SECURE_AUTH_COOKIE: 'true' },
    'failure',
    /nobody can sign in/,
  ],
  ['http elsewhere', { CODER_ACCESS_URL: 'http://x.example' }, 'warning', /in the clear/],
  ['a prefix without secure cookies', { CODER_HOST_PREFIX_COOKIE: 'true' }, 'failure', /HOST_PREFIX/],
  ['SameSite=None without secure cookies', { CODER_SAMESITE_AUTH_COOKIE: 'none' }, 'failure', /SAMESITE/],
  [
    'https with cookies that are not secure',
    { CODER_ACCESS_URL: 'https://x.example', CODER_SECURE_AUTH_COOKIE: 'false' },
    'warning',
    /without TLS/,
  ],
  ['half a proxy', { CODER_PROXY_TRUSTED_HEADERS: 'X-Forwarded-For' }, 'warning', /only half/],
  ['every address, reached from here', { CODER_HTTP_ADDRESS: '0.0.0.0:3000' }, 'warning', /this machine alone/],
  ['no way in', { CODER_DISABLE_PASSWORD_AUTH: 'true' }, 'failure', /nobody can sign in/],
  ['no limits', { CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true' }, 'warning', /without limits/],
  ['a misspelled name', { CODER_ACESS_URL: 'x' }, 'warning', /CODER_ACCESS_URL/],
])('%s is found', (_, env, state, text) => {
  const { config, notes } = readSettings(env);
  expect(checkSettings(config, notes)).toContainEqual(
    expect.objectContaining({ state, text: expect.stringMatching(text), remedy: expect.any(String) }),
  );
  const plain = readSettings({});
  expect(checkSettings(plain.config, plain.notes).some((finding) => text.test(finding.text))).toBe(false);
});

describe('certificates', () => {
  test('fit their keys and hold for a while, or it is said', () => {
    const folder = dirname(dataFolder());
    const [key, other] = [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ];
    const put = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const keyText = (pair: typeof key) => pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const cert = put('cert.pem', selfSigned('localhost', key.privateKey));
    const states = (certFile: string, keyFile: string) =>
      checkCertificates(
        readSettings({ CODER_TLS_ENABLE: 'true', CODER_TLS_CERT_FILE: certFile, CODER_TLS_KEY_FILE: keyFile }).config,
      ).map(({ state }) => state);
    expect(states(cert, put('key.pem', keyText(key)))).not.toContain('failure');
    expect(states(cert, put('other.pem', keyText(other)))).toEqual(['failure']);
    expect(states(cert, join(folder, 'none'))).toEqual(['failure']);
    const ending = (days: number) => endFinding('x', new Date(Date.now() + days * 86_400_000)).state;
    expect([ending(-2), ending(5), ending(50)]).toEqual(['failure', 'warning', 'ok']);
  });
});

test('clocks that differ are said to', () => {
  expect([0.5, -5, 3600].map((seconds) => clockFinding('x', 'y', seconds).state)).toEqual(['ok', 'warning', 'failure']);
});
