// The walk over all routes: sends each request as every kind of caller, and with keys that lack one permission.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Decision } from '../../src/rbac/authorize.ts';
import type { Answer, TestClient } from './client.ts';
import { type Case, nameOf, pathOf } from './route-cases.ts';
import { ALL_SCOPES, type World } from './world.ts';

/** How many values an answer tells: lists that are filtered and fields that are withheld show in it. */
function told(body: unknown): number {
  if (body === null || body === undefined || body === '' || body === false || body === 0) return 0;
  return typeof body === 'object' ? Object.values(body).reduce((sum: number, inner) => sum + told(inner), 0) : 1;
}

/** An answer as the table shows it: its status, and how much it tells. */
function shown({ status, body }: Answer): string {
  return status < 300 && told(body) > 0 ? `${status}:${told(body)}` : String(status);
}

/** Sends the request of a case; what it changed is put back. */
async function send(w: World, one: Case, client: TestClient): Promise<Answer> {
  const answer = await client.send(one.route.method, pathOf(one, w), one.body);
  if (one.route.method !== 'GET' && answer.status < 400) await w.restore();
  return answer;
}

/** A case in words. */
const describeCase = ({ route, variant }: Case) => `${nameOf(route)}${variant && ` (${variant})`}`;

/** The row of a case in the reviewed table: what each kind of caller gets. */
export async function rowOf(w: World, one: Case): Promise<string> {
  const cells: string[] = [];
  const callers = new Map<string, TestClient>(w.callers);
  if (one.route.url.includes(':user')) callers.set('self', w.people[one.person].client);
  for (const [caller, client] of callers) cells.push(`${caller}=${shown(await send(w, one, client))}`);
  return `${describeCase(one)}\n    ${cells.join('  ')}\n`;
}

/** An answer, and what was decided for it, but for the hooks that only find the user or organization in a path. */
async function withDecisions(work: () => Promise<Answer>): Promise<{ answer: Answer; decisions: Decision[] }> {
  const decisions: Decision[] = [];
  const note = (decision: unknown) => {
    if (!new Error().stack?.includes('/hooks/target')) decisions.push(decision as Decision);
  };
  subscribe('coder-users:rbac:decision', note);
  const answer = await work();
  unsubscribe('coder-users:rbac:decision', note);
  return { answer, decisions };
}

/** The permissions that a successful request was granted. */
function asked(
  { answer, decisions }: { answer: Answer; decisions: Decision[] },
  counts: (decision: Decision) => boolean,
): Set<string> {
  const granted = decisions.filter((decision) => decision.allowed && counts(decision));
  return new Set(answer.status < 300 ? granted.map(({ object, action }) => `${object.type}:${action}`) : []);
}

/**
 * Sends a case with a key that has every permission, then with keys that lack one of those that were asked for: of an
 * owner, and of the user acted on. What gives power, and so is refused to every limited key, is sent with an unlimited key
 * whose user lacks the permission.
 * @returns whether the route decided anything of its own, and the permissions whose lack changed nothing
 */
export async function permissionsOf(w: World, one: Case): Promise<{ decides: boolean; idle: string[] }> {
  const idle: string[] = [];
  let decides = false;
  for (const holder of [undefined, w.people[one.person]]) {
    const limited = await withDecisions(async () => send(w, one, await w.limit(ALL_SCOPES, holder)));
    if (limited.decisions.length > 0) decides = true;
    for (const permission of asked(limited, ({ kind }) => kind !== 'roles')) {
      const without = ALL_SCOPES.filter((name) => name !== permission);
      const answer = await send(w, one, await w.limit(without, holder));
      if (shown(answer) === shown(limited.answer)) idle.push(`${describeCase(one)}: ${permission} of the key`);
    }
    if (limited.answer.status < 300) continue;
    const whole = await withDecisions(async () => send(w, one, await w.deny([], holder)));
    for (const permission of asked(whole, ({ kind }) => kind !== 'power')) {
      const answer = await send(w, one, await w.deny([permission], holder));
      if (shown(answer) === shown(whole.answer)) idle.push(`${describeCase(one)}: ${permission} of the user`);
    }
  }
  await w.restore();
  return { decides, idle };
}
