// Metrics of a real server: off unless they are switched on, and right under load.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../src/package-root.ts';
import { cleanUp, preparedFolder, type RunningServer, startServer, until } from '../support/server.ts';

afterAll(cleanUp);

const ADA = { email: 'ada@example.com', username: 'ada', password: 'SomeSecurePassword!' };
const LIMIT = 60;
let server: RunningServer;
let metricsUrl: string;

const call = (method: string, path: string, { body, token }: { body?: unknown; token?: string } = {}) =>
  fetch(server.url + path, {
    method,
    headers: { ...(token !== undefined && { 'coder-session-token': token }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** Every sample of a scrape by its name with labels, as written. */
async function scrape(): Promise<Map<string, number>> {
  const answer = await fetch(metricsUrl);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

const requests = (method: string, route: string, status: number) =>
  `coder_users_http_requests_total{method="${method}",route="${route}",status="${status}"}`;
const signIns = (outcome: string) => `coder_users_sign_ins_total{login_type="password",outcome="${outcome}"}`;

beforeAll(async () => {
  server = await startServer({
    CODER_USERS_DATA_DIR: await preparedFolder(),
    CODER_PROMETHEUS_ENABLE: 'true',
    CODER_PROMETHEUS_ADDRESS: '127.0.0.1:0',
  });
  const line = server.log().find(({ msg }) => msg === 'serving metrics') as { address?: string } | undefined;
  metricsUrl = line?.address ?? '';
});

describe('metrics', () => {
  test('count what was sent, by route and status, and sign-ins and limits by outcome', async () => {
    expect((await call('POST', '/api/v2/users/first', { body: ADA })).status).toBe(201);
    const login = (password: string, email = ADA.email) =>
      call('POST', '/api/v2/users/login', { body: { email, password } });
    const { session_token: token } = (await (await login(ADA.password)).json()) as { session_token: string };
    const statuses = async (answers: Promise<Response>[]) => (await Promise.all(answers)).map(({ status }) => status);
    const times = <T>(count: number, one: (at: number) => T) => Array.from({ length: count }, (_, at) => one(at));

    const load = await Promise.all([
      statuses(times(300, () => call('GET', '/api/v2/users/me', { token }))),
      statuses(times(40, (at) => call('GET', `/api/v2/users/nobody-${at}`, { token }))),
      statuses(times(25, () => call('GET', '/api/v2/users/me', { token: 'aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb' }))),
      statuses(times(30, (at) => call('GET', `/api/v2/no/such/path-${at}`))),
      statuses(times(5, () => login('wrong'))),
      statuses(times(3, () => login('wrong', 'nobody@example.com'))),
    ]);
    expect(load.map((one) => [...new Set(one)])).toEqual([[200], [404], [401], [404], [401], [401]]);
    // One budget for everything that checks a password, counted by address.
    const more = await statuses(times(LIMIT, () => login('wrong')));
    const limited = more.filter((status) => status === 429).length;
    expect(limited).toBeGreaterThan(0);

    const user = '/api/v2/users/:user';
    const expected = {
      [requests('POST', '/api/v2/users/first', 201)]: 1,
      [requests('POST', '/api/v2/users/login', 201)]: 1,
      [requests('POST', '/api/v2/users/login', 401)]: 8 + LIMIT - limited,
      [requests('POST', '/api/v2/users/login', 429)]: limited,
      [requests('GET', user, 200)]: 300,
      [requests('GET', user, 404)]: 40,
      [requests('GET', user, 401)]: 25,
      [requests('GET', 'none', 404)]: 30,
      [`coder_users_http_request_duration_seconds_count{method="GET",route="${user}"}`]: 365,
      [signIns('success')]: 1,
      [signIns('wrong_password')]: 5 + LIMIT - limited,
      [signIns('unknown_account')]: 3,
      'coder_users_limits_hit_total{limit="password"}': limited,
      'coder_users_limits_hit_total{limit="api"}': 0,
      coder_users_hashing_duration_seconds_count: 1 + 1 + 8 + LIMIT - limited,
      'coder_users_hashing_queue{state="waiting"}': 0,
      coder_users_http_requests_in_flight: 0,
    };
    const found = await until(async () => {
      const samples = await scrape();
      return samples.get('coder_users_http_requests_in_flight') === 0 ? samples : undefined;
    }, 'everything is answered');
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name)]))).toEqual(expected);
    const batches = found.get('coder_users_session_batch_size_sum') ?? 0;
    expect(batches).toBeGreaterThanOrEqual(365);
    expect(found.get('coder_users_session_batch_size_count')).toBeLessThanOrEqual(batches);
    expect(found.get('coder_users_db_connections{pool="requests",state="busy"}')).toBe(0);
  });

  test('have labels of the server alone: a path, a name or a key is in none', async () => {
    await call('GET', '/api/v2/users/a-name-that-nobody-has%22%7D?coder_session_token=secret', {});
    await call('BREW' as string, '/coffee').catch(() => undefined);
    const text = await (await fetch(metricsUrl)).text();
    expect(text).not.toMatch(/a-name-that|secret|coffee|BREW|ada@example|"ada"|such\/path/);
  });

  test('are all that their listener serves', async () => {
    const ask = async (path: string, method = 'GET') => {
      const answer = await fetch(new URL(path, metricsUrl), { method });
      return [answer.status, (await answer.text()).length > 0];
    };
    expect(await ask('/metrics', 'HEAD')).toEqual([200, false]);
    expect(await ask('/metrics?format=text')).toEqual([200, true]);
    expect(await ask('/')).toEqual([404, false]);
    expect(await ask('/api/v2/users/first')).toEqual([404, false]);
    expect(await ask('/metrics/x')).toEqual([404, false]);
    expect(await ask('/metrics', 'POST')).toEqual([405, false]);
    expect((await call('GET', '/metrics')).status).toBe(404);
  });

  test('are those that the dashboard and the alerts ask for', async () => {
    const text = await (await fetch(metricsUrl)).text();
    // A histogram that has seen nothing yet has no buckets, but is announced.
    const announced = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    const names = new Set([...announced, ...(await scrape()).keys()].map((name) => name.replace(/\{.*/, '')));
    const read = (name: string) => readFileSync(join(packageRoot, 'docs/monitoring', name), 'utf8');
    const dashboard = JSON.parse(read('dashboard.json'));
    const rules = parse(read('alerts.yaml'));
    const asked = [
      ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }: { expr: string }) => expr)),
      ...rules.groups.flatMap(({ rules }: { rules: { expr: string }[] }) => rules.map(({ expr }) => expr)),
    ] as string[];
    expect(asked.length).toBeGreaterThan(20);
    const wanted = new Set(asked.flatMap((expr) => expr.match(/\b(?:coder_users|process|nodejs)_\w+/g) ?? []));
    expect([...wanted].filter((name) => !names.has(name))).toEqual([]);
  });
});

test('a server without the setting has no listener for them', async () => {
  const quiet = await startServer({
    CODER_USERS_DATA_DIR: await preparedFolder(),
    CODER_PROMETHEUS_ADDRESS: new URL(metricsUrl).host,
  });
  // The address is taken, which a second listener would not have survived.
  expect(quiet.log().map(({ msg }) => msg)).toContainEqual(
    'CODER_PROMETHEUS_ADDRESS has no effect without CODER_PROMETHEUS_ENABLE',
  );
  expect((await fetch(`${quiet.url}/metrics`)).status).toBe(404);
});
