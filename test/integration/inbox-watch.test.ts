// Watching the inbox through a WebSocket: who may, what is told, on whichever replica the message was made.
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import WebSocket from 'ws';
import { deliverInbox } from '../../src/services/deliveries.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
let second: TestApp;
let third: TestApp;

beforeAll(async () => {
  t = await startApp();
  second = await startApp({ url: t.databaseUrl });
  third = await startApp({ url: t.databaseUrl });
  await Promise.all([t, second, third].map(({ app }) => app.listen({ host: '127.0.0.1', port: 0 })));
});

const portOf = ({ app }: TestApp) => (app.server.address() as AddressInfo).port;

interface Watching {
  socket: WebSocket;
  frames: { notification: { title: string; content: string }; unread_count: number }[];
  closed: Promise<number>;
}

/** Opens a watch; resolves once it is open, or with the status that refused it. */
function watch(at: TestApp, headers: Record<string, string>, query = ''): Promise<Watching | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(at)}/api/v2/notifications/inbox/watch${query}`, { headers });
  onTestFinished(() => socket.terminate());
  const frames: Watching['frames'] = [];
  socket.on('message', (text) => frames.push(JSON.parse(String(text))));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ socket, frames, closed }));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', reject);
  });
}

async function open(at: TestApp, user: TestUser, query = ''): Promise<Watching> {
  const watching = await watch(at, { 'coder-session-token': user.token }, query);
  if (typeof watching === 'number') throw new Error(`refused with ${watching}`);
  return watching;
}

const say = (user: TestUser, title: string, message = 'text') =>
  user.client.post('/api/v2/notifications/custom', { content: { title, message } });
const told = ({ frames }: Watching) => frames.map(({ notification }) => notification.title);
const WITHIN = { timeout: 8000, interval: 20 };

describe('GET /notifications/inbox/watch', () => {
  test('hears at one replica of what was made at another and delivered by a third', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    await say(one, 'Before');
    await deliverInbox(t.deps);
    const [mine, theirs] = [await open(second, one), await open(second, other)];
    await say(one, 'Hello **there**', '[a](b) and *c*');
    await deliverInbox(third.deps);
    await vi.waitFor(() => expect(told(mine)).toEqual(['Hello **there**']), WITHIN);
    expect(mine.frames[0]).toMatchObject({
      unread_count: 2,
      notification: { content: '[a](b) and *c*', read_at: null },
    });
    await say(other, 'Theirs');
    await deliverInbox(third.deps);
    await vi.waitFor(() => expect(told(theirs)).toEqual(['Theirs']), WITHIN);
    expect(told(mine)).toHaveLength(1);
  });

  test('filters, and writes plain text', async () => {
    const one = await aUser(t);
    const plain = await open(t, one, '?format=plaintext');
    const unfit = await open(t, one, '?templates=4e19c0ac-94e1-4532-9515-d1801aa283b2');
    const never = await open(t, one, '?read_status=read');
    await say(one, 'T **x**', '[l](u)');
    await deliverInbox(t.deps);
    await vi.waitFor(() => expect(told(plain)).toEqual(['T x']), WITHIN);
    expect(plain.frames[0]?.notification.content).toBe('l (u)');
    expect([told(unfit), told(never)]).toEqual([[], []]);
  });

  test('is refused before the upgrade: no session, a bad parameter, a page of another site, a narrow key', async () => {
    const one = await aUser(t);
    const session = { 'coder-session-token': one.token };
    expect(await watch(t, {})).toBe(401);
    expect(await watch(t, session, '?targets=x')).toBe(400);
    expect(await watch(t, session, '?zz=1')).toBe(400);
    expect(await watch(t, { ...session, origin: 'https://evil.example' })).toBe(403);
    expect(await watch(t, { cookie: `coder_session_token=${one.token}`, origin: 'null' })).toBe(403);
    expect(await watch(t, { cookie: `coder_session_token=${one.token}`, 'sec-fetch-site': 'cross-site' })).toBe(403);
    const narrow = await one.client.post('/api/v2/users/me/keys/tokens', { token_name: 'n', scopes: ['user:read'] });
    expect(await watch(t, { 'coder-session-token': narrow.body.key })).toBe(403);
    const own = await watch(t, { cookie: `coder_session_token=${one.token}`, origin: `http://127.0.0.1:${portOf(t)}` });
    expect(typeof own).toBe('object');
  });

  test('ends with the session, and with the server', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    const replica = await startApp({ url: t.databaseUrl });
    await replica.app.listen({ host: '127.0.0.1', port: 0 });
    const [mine, theirs] = [await open(replica, one), await open(replica, other)];
    await one.client.post('/api/v2/users/logout');
    expect(await mine.closed).toBe(1008);
    await replica.close();
    expect(await theirs.closed).toBe(1001);
  });

  test('20 for each person, and not for others', async () => {
    const [one, other] = [await aUser(t), await aUser(t)];
    for (let i = 0; i < 20; i++) await open(t, one);
    expect(await watch(t, { 'coder-session-token': one.token })).toBe(429);
    await open(t, other);
  });

  test('a request that names another protocol is answered as if it did not', async () => {
    const answer = await new Promise<number>((resolve, reject) => {
      import('node:http').then(({ request }) => {
        const headers = { connection: 'Upgrade', upgrade: 'h2c', 'coder-session-token': 'x' };
        request({ port: portOf(t), host: '127.0.0.1', path: '/api/v2/buildinfo', headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      }, reject);
    });
    expect(answer).toBe(200);
  });
});
