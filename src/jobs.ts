// What the server does by itself, at start and every ten minutes: it deletes what was kept long enough.
import { instantText, MINUTE, microsOf } from './clock.ts';
import type { AppDeps } from './ctx.ts';
import { once } from './in-flight.ts';
import {
  deleteExpiredKeys,
  deleteHandledMessages,
  deleteOldAuditLogs,
  deleteOldInboxMessages,
  deleteSpentStates,
} from './store/retention.ts';

const EVERY_MS = (10 * MINUTE) / 1000;
/** The most rows of a kind that one run deletes, so that no run holds the database for long. */
const MAX_ROWS = 10_000;
const DAY_NS = 24n * 3_600_000_000_000n;
/** No provider takes the code that belongs to a state for longer than minutes. */
const SPENT_STATE_NS = DAY_NS;
/** Longer than a day, within which equal messages are dropped; what failed can be looked into. */
const HANDLED_MESSAGE_NS = 7n * DAY_NS;
const INBOX_MESSAGE_NS = 365n * DAY_NS;

type JobDeps = Pick<AppDeps, 'config' | 'db' | 'log' | 'clock'>;

interface Retention {
  what: string;
  /** How long rows are kept, in nanoseconds; 0 or less means for ever. */
  keptNs: bigint;
  run: typeof deleteExpiredKeys;
}

/**
 * One run: keys expired for longer than `config.tokens.retentionNs`, audit entries older than `config.audit.retentionNs`,
 * messages that were handled a week ago or lie in an inbox for a year. What fails is logged and tried again in the next run.
 */
export async function deleteOutdated({ config, db, log, clock }: JobDeps): Promise<void> {
  const retentions: Retention[] = [
    { what: 'expired keys', keptNs: config.tokens.retentionNs, run: deleteExpiredKeys },
    { what: 'spent states of logins', keptNs: SPENT_STATE_NS, run: deleteSpentStates },
    { what: 'handled notifications', keptNs: HANDLED_MESSAGE_NS, run: deleteHandledMessages },
    { what: 'old messages in inboxes', keptNs: INBOX_MESSAGE_NS, run: deleteOldInboxMessages },
    { what: 'audit entries', keptNs: config.audit.retentionNs, run: deleteOldAuditLogs },
  ];
  for (const { what, keptNs, run } of retentions) {
    if (keptNs <= 0n) continue;
    try {
      const count = await run(db, instantText(clock() - microsOf(keptNs)), MAX_ROWS);
      if (count > 0) log.info({ count }, `deleted ${what}`);
    } catch (err) {
      log.error({ err }, `could not delete ${what}`);
    }
  }
}

export interface Jobs {
  /** Starts nothing more; resolves when a run under way is over. */
  stop(): Promise<void>;
}

/** Starts the jobs: one run now, then one every ten minutes. They do not keep the process alive. */
export function startJobs(deps: JobDeps): Jobs {
  const running = once<'retention', void>();
  let last = Promise.resolve();
  const run = () => {
    last = running('retention', () => deleteOutdated(deps));
  };
  run();
  const timer = setInterval(run, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await last;
    },
  };
}
