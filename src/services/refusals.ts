// The audit log of what was refused: written behind the answer, and bounded however many attempts there are.
import { randomUUID } from 'node:crypto';
import { MINUTE } from '../clock.ts';
import type { AppDeps, Ctx } from '../ctx.ts';
import { batched } from '../in-flight.ts';
import { insertAuditLogs } from '../store/audit.ts';
import { isUnavailable } from '../store/errors.ts';
import { type AuditEntry, auditRow } from './audit.ts';

/** Attempts of one kind by one actor on one target that are noted one by one within a minute; more are counted. */
const ALIKE = 10;
/** The same for all attempts of this process together. */
const ALL = 1000;
/** Rows of one statement. */
const BATCH = 100;

/** An attempt that was refused. */
export interface Refusal extends Pick<AuditEntry, 'action' | 'resourceType' | 'resourceId' | 'resourceTarget'> {
  /** The answer's status. */
  status: number;
  /** What was attempted, in a spelling that is the same for every request: the route, not the address. */
  operation: string;
  organizationId?: string | undefined;
  /** Whose attempt it was where there is no session. */
  userId?: string | undefined;
}

/** Takes note of refusals (docs/differences.md 32). */
export interface Refusals {
  /** Notes an attempt in the audit log. Never waits and never throws: the answer may be sent meanwhile. */
  note(ctx: Pick<Ctx, 'actor' | 'clock' | 'origin'>, refusal: Refusal): void;
  /** Resolves when everything noted so far can be read. */
  settled(): Promise<void>;
  /** Notes what was only counted so far, too, and resolves as `settled` does. */
  close(): Promise<void>;
}

type Row = ReturnType<typeof auditRow>;

/** Attempts of one kind within the minute. */
interface Alike {
  noted: number;
  /** How many came after those, and the last of them. */
  counted: number;
  last: Row;
}

/**
 * Makes the log of refusals of one process. A flood fills neither memory nor database: beyond ten of a kind a minute one
 * entry says how many more there were (`additional_fields.repeated`), and beyond a thousand in all a line in the server's
 * log does.
 */
export function createRefusals({ db, log, clock, behind }: Pick<AppDeps, 'db' | 'log' | 'clock' | 'behind'>): Refusals {
  const insert = batched<Row, void>(
    async (rows) => {
      await insertAuditLogs(db, rows);
      return rows.map(() => undefined);
    },
    BATCH,
    isUnavailable,
  );
  let minute = 0;
  let attempts = new Map<string, Alike>();
  let noted = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  const keep = (row: Row) => behind.run('noting a refused attempt in the audit log', () => insert(row));

  /** Writes what was counted and begins to count anew. */
  function sumUp(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const { counted, last } of attempts.values()) {
      if (counted > 0) keep({ ...last, id: randomUUID(), additionalFields: { repeated: counted } });
    }
    if (dropped > 0) log.warn({ dropped }, 'more attempts were refused within a minute than the audit log keeps');
    attempts = new Map();
    noted = 0;
    dropped = 0;
  }

  function turn(): void {
    const now = Math.floor(clock() / MINUTE);
    if (now === minute) return;
    sumUp();
    minute = now;
  }

  async function settled(): Promise<void> {
    turn();
    await behind.settled();
  }

  return {
    note(ctx, { operation, ...refusal }) {
      turn();
      const row = auditRow(ctx, refusal);
      const key = JSON.stringify([row.userId ?? row.ip, row.resourceType, row.resourceId, operation]);
      const alike = attempts.get(key);
      if (noted < ALL && (alike?.noted ?? 0) < ALIKE) {
        attempts.set(key, { noted: (alike?.noted ?? 0) + 1, counted: 0, last: row });
        noted += 1;
        keep(row);
        return;
      }
      if (alike) {
        alike.counted += 1;
        alike.last = row;
      } else dropped += 1;
      // Without another attempt nothing else would write the sum.
      timer ??= setTimeout(sumUp, MINUTE / 1000).unref();
    },
    settled,
    async close() {
      sumUp();
      await settled();
    },
  };
}

/** For commands, which refuse nobody. */
export const NO_REFUSALS: Refusals = { note: () => undefined, settled: async () => {}, close: async () => {} };
