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

/** Beyond this the number says nothing to a reviewer, and a new setting would change it. */
const MANY = 500;

/** An answer as the table shows it: its status, and how much it tells. */
function shown({ status, body }: Answer): string {
  const amount = told(body);
  if (status >= 300 || amount === 0) return String(status);
  return `${status}:${amount > MANY ? 'many' : amount}`;
}

/** Sends the request of a case; what it changed is put back. */
async function send(w: World, one: Case, client: TestClient): Promise<Answer> {
  const answer = await client.send(one.route.method, pathOf(one, w), one.body);
  if (one.route.method !== 'GET' && answer.status < 400) await w.restore();
  return answer;
}

/** A case in words. */
const describeCase = ({ route, variant }: Case) => `${nameOf(route)}${variant && ` (${variant})`}`;

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

/** What the walk finds out about one request. */
export interface Findings {
  /** For the reviewed table: what each kind of caller gets, and which permissions the route itself asks for. */
  row: string;
  /** Whether the route decided anything of its own. */
  decides: boolean;
  /** Permissions that it asks for and whose lack changed nothing. */
  idle: string[];
}

const scopeOf = ({ object, action }: Decision) => `${object.type}:${action}`;

/**
 * Sends a request as every kind of caller; then with keys of an owner, and of the user acted on, that have every
 * permission, and with keys that lack one of those that were asked for. What gives power, and so is refused to every
 * limited key, is sent with an unlimited key whose user lacks the permission.
 */
export async function visit(w: World, one: Case): Promise<Findings> {
  const cells: string[] = [];
  const callers = new Map<string, TestClient>(w.callers);
  const person = w.people[one.person];
  if (one.route.url.includes(':user') && person.token !== '') callers.set('self', person.client);
  for (const [caller, client] of callers) cells.push(`${caller}=${shown(await send(w, one, client))}`);

  const asked = new Set<string>();
  const idle: string[] = [];
  /** Sends the request with a key that lacks nothing, then once for each permission without it. */
  async function withoutEach(
    client: (lacking: string[]) => Promise<TestClient>,
    counts: (decision: Decision) => boolean,
    whose: string,
  ): Promise<Answer> {
    const whole = await withDecisions(async () => send(w, one, await client([])));
    for (const decision of whole.decisions) asked.add(scopeOf(decision));
    const { status } = whole.answer;
    const granted = whole.decisions.filter(({ allowed }) => allowed);
    // What was refused already cannot be refused for less.
    if (status === 403 || (status >= 300 && granted.length < whole.decisions.length)) return whole.answer;
    for (const permission of new Set(granted.filter(counts).map(scopeOf))) {
      const answer = await send(w, one, await client([permission]));
      if (shown(answer) === shown(whole.answer)) idle.push(`${describeCase(one)}: ${permission} of the ${whose}`);
    }
    return whole.answer;
  }
  for (const holder of person.token === '' ? [undefined] : [undefined, person]) {
    const limited = (lacking: string[]) =>
      w.limit(
        ALL_SCOPES.filter((name) => !lacking.includes(name)),
        holder,
      );
    const answer = await withoutEach(limited, ({ kind }) => kind !== 'roles', 'key');
    // What a limited key does to its own user: whether it makes keys that may do more, or gets the account.
    if (holder && callers.has('self')) cells.push(`self's limited key=${shown(answer)}`);
    if (answer.status >= 300)
      await withoutEach(
        (lacking) => w.deny(lacking, holder),
        ({ kind }) => kind !== 'power',
        'user',
      );
  }
  await w.restore();
  const asks = asked.size > 0 ? `    asks for ${[...asked].sort().join(' ')}\n` : '';
  return { row: `${describeCase(one)}\n    ${cells.join('  ')}\n${asks}`, decides: asked.size > 0, idle };
}
