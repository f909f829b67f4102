// Looks at the statements of a pool as they end: slow ones are logged, and whoever watches is told of all.
import type pg from 'pg';
import type { Logger } from 'pino';
import { statementDone } from '../watch/events.ts';
import { currentScope } from '../watch/scope.ts';

/** Which statements are slow, and where that is said. */
export interface SlowStatements {
  /** 0 for none. */
  readonly ms: number;
  readonly log: Pick<Logger, 'warn'>;
}

/** Of the text of a statement in the log. */
const MAX_TEXT = 1000;

/** The text of a statement, which has placeholders where values are. */
const textOf = (statement: unknown): string =>
  typeof statement === 'string' ? statement : String((statement as pg.QueryConfig | undefined)?.text ?? '');

const shown = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT);

/** Has a connection tell of its statements. Values are never told. */
export function observeStatements(client: pg.PoolClient, { ms: slowMs, log }: SlowStatements): void {
  const tell = (text: string, startedAt: number, failed: boolean) => {
    const endedAt = performance.now();
    const scope = currentScope();
    if (statementDone.isHeard) statementDone.tell({ scope, text, failed, startedAt, endedAt });
    if (slowMs === 0 || endedAt - startedAt < slowMs) return;
    const { method, route, id } = scope ?? {};
    const ms = Math.round(endedAt - startedAt);
    log.warn({ ms, statement: shown(text), failed, method, route, request: id }, 'a statement was slow');
  };
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  // Awaited, and by nobody else, so that the stack of an error leads back to whoever asked.
  const observed = async (...args: unknown[]) => {
    const startedAt = performance.now();
    let failed = true;
    try {
      const answer = await query(...args);
      failed = false;
      return answer;
    } finally {
      tell(textOf(args[0]), startedAt, failed);
    }
  };
  client.query = observed as pg.PoolClient['query'];
}
