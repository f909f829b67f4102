// Forces an order on requests that race: a row is held until each of them waits for it, one after the other.
import { withClient } from '../../src/postgres/client.ts';
import { startApp, type TestApp } from './app.ts';
import type { Answer } from './client.ts';

const DEADLINE_MS = 20_000;
const AGAIN_MS = 5;

/** Two replicas on one database, so that no queue of a process puts requests in an order of its own. */
export interface Replicas {
  t: TestApp;
  other: TestApp;
}

export async function startReplicas(): Promise<Replicas> {
  const t = await startApp();
  return { t, other: await startApp({ url: t.databaseUrl }) };
}

/** A row that is held. */
interface Row {
  table: 'users' | 'api_keys';
  id: string;
}

async function holding<T>(t: TestApp, { table, id }: Row, work: (release: () => Promise<void>) => Promise<T>) {
  return withClient(t.databaseUrl, async (client) => {
    await client.query('begin');
    await client.query(`select from ${table} where id = $1 for update`, [id]);
    return work(async () => void (await client.query('commit')));
  });
}

/** Resolves when the condition holds. */
async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/**
 * Starts requests so that each has read all that it reads without a lock before the first of them may write, and lets them
 * write in the given order: whoever came first gets the row first.
 * @returns their answers; one that does not want the row is given while it is held
 */
export async function inOrder(
  { t, other }: Replicas,
  row: Row,
  ...requests: (() => Promise<Answer>)[]
): Promise<Answer[]> {
  return holding(t, row, async (release) => {
    const answers: Promise<Answer>[] = [];
    let answered = 0;
    for (const [i, request] of requests.entries()) {
      const answer = request();
      answers.push(answer);
      const count = () => {
        answered += 1;
      };
      answer.then(count, count);
      await until(
        async () => {
          const { rows } = await t.pool.query<{ waiting: number }>(
            `select count(*)::int as waiting from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return (rows[0]?.waiting ?? 0) + answered > i;
        },
        `request ${i + 1} neither waits nor answers`,
      );
    }
    // What a refused request leaves behind is judged by these tests, since another one writes meanwhile.
    const overlapping = [t.anonymous.get('/healthz'), other.anonymous.get('/healthz')];
    await release();
    await Promise.all(overlapping);
    return Promise.all(answers);
  });
}

/** Does something while a row is held. */
export const whileHeld = <T>(t: TestApp, row: Row, work: () => Promise<T>): Promise<T> =>
  holding(t, row, async (release) => {
    const result = await work();
    await release();
    return result;
  });
