// What one caller can flood a server with, and the process that does it.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { hostileSearch } from './hostile-values.ts';
import { pick, seededRandom } from './random.ts';
import { until } from './server.ts';

export type FloodKind = 'writes' | 'logins' | 'bodies' | 'searches';
export interface FloodOrder {
  kind: FloodKind;
  url: string;
  /** The key of the member who floods. */
  key: string;
  connections: number;
}
export interface FloodReport {
  /** How many answers had each status. */
  statuses: Record<string, number>;
}

const request = (line: string, key: string, body = '') =>
  Buffer.from(
    `${line} HTTP/1.1\r\nHost: x\r\n${key && `Coder-Session-Token: ${key}\r\n`}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
/** A body of exactly so many bytes around `inner`, which is repeated. */
const filled = (start: string, inner: string, end: string, bytes: number) => {
  const room = bytes - start.length - end.length;
  return start + inner.repeat(Math.floor(room / inner.length)) + ' '.repeat(room % inner.length) + end;
};
const BODY = 64 * 1024;
const BODIES: readonly (readonly [line: string, body: string])[] = [
  ['POST /api/v2/users/me/keys/tokens', filled('{"scopes":[', '0,', '0]}', BODY)],
  ['POST /api/v2/users/me/keys/tokens', filled('{"allow_list":["', 'x ', '"]}', BODY)],
  ['POST /api/v2/authcheck', filled('{"checks":{', '"a":{},', '"b":{}}}', BODY)],
  ['PUT /api/v2/users/me/appearance', filled('{"theme_preference":"', '\\u0301', '"}', BODY)],
  ['PUT /api/v2/users/me/profile', filled('', '[', '', BODY)],
  ['POST /api/v2/users/me/secrets', filled('{"name":"big","value":"', 'x', '"}', 4 * BODY)],
  ['POST /api/experimental/users/me/skills', filled('{"content":"', '\\n---', '"}', 6 * BODY)],
];

/** The messages of a flood, one after the other. */
export function messagesOf(kind: FloodKind, key: string): () => Buffer {
  const random = seededRandom(35);
  let count = 0;
  switch (kind) {
    case 'writes':
      return () => {
        count += 1;
        return count % 2 === 0
          ? request('POST /api/v2/users/me/keys/tokens', key, JSON.stringify({ token_name: `flood-${count}` }))
          : request(
              'PUT /api/v2/users/me/appearance',
              key,
              JSON.stringify({ theme_preference: `t${count}`, terminal_font: '' }),
            );
      };
    case 'logins':
      return () => {
        count += 1;
        const email = count % 2 === 0 ? 'root@example.com' : `nobody-${count}@example.com`;
        return request('POST /api/v2/users/login', '', JSON.stringify({ email, password: `wrong-${count}` }));
      };
    case 'bodies':
      return () => {
        const [line, body] = pick(random, BODIES);
        return request(line, key, body);
      };
    case 'searches':
      return () => {
        const places = [
          '/api/v2/users',
          '/api/v2/organizations/default/members',
          '/api/v2/organizations/default/paginated-members',
        ];
        const text = encodeURIComponent(hostileSearch(random).slice(0, 1300).toWellFormed());
        return request(`GET ${pick(random, places)}?q=${text}`, key);
      };
  }
}

export interface Flood {
  end(): Promise<FloodReport>;
}

/** An attacker's machine is another one: where both share processors, the flood comes second. */
const NICE = 10;

/** Gives a process that leads a session less of the processors than others; Linux weighs whole sessions, too. */
function comeSecond(pid: number): void {
  setPriority(pid, NICE);
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(NICE));
  } catch {
    // Another system, or one that does not weigh sessions.
  }
}

/** Starts a flood; it is at full strength when this resolves: every connection was answered once on average. */
export async function startFlood(order: FloodOrder): Promise<Flood> {
  const flood = fork(new URL('./flood.ts', import.meta.url), [JSON.stringify(order)], { execArgv: [], detached: true });
  comeSecond(flood.pid ?? 0);
  const failed = new Promise<never>((_, reject) => {
    flood.once('error', reject).once('exit', (code) => reject(new Error(`the flood ended with ${code}`)));
  });
  failed.catch(() => undefined);
  const ask = () => {
    const answer = new Promise<FloodReport>((resolve) =>
      flood.once('message', (report) => resolve(report as FloodReport)),
    );
    flood.send('report');
    return Promise.race([answer, failed]);
  };
  const answered = ({ statuses }: FloodReport) => Object.values(statuses).reduce((sum, one) => sum + one, 0);
  await until(async () => answered(await ask()) >= order.connections, `the flood of ${order.kind}`, 60_000);
  return {
    async end() {
      const report = await ask();
      flood.kill('SIGKILL');
      await failed.catch(() => undefined);
      return report;
    },
  };
}
