// The replica's part in delivering notifications: it looks for messages at every interval, and soon after it made some.
import type { AppDeps } from './ctx.ts';
import { once } from './in-flight.ts';
import { deliverInbox, deliverOthers } from './services/deliveries.ts';
import { messageQueued } from './watch/events.ts';

/** So long after a message was made its transaction is over in most cases; the next interval finds it in all. */
const SOON_MS = 100;
/** What is not sent by then when the server stops is sent by the next one: its lease ends. */
const STOP_MS = 1500;

export interface Notifier {
  /** Takes nothing more; resolves when what is under way is over. */
  stop(): Promise<void>;
}

/** Starts delivering. It does not keep the process alive. */
export function startNotifier(deps: Pick<AppDeps, 'config' | 'db' | 'log' | 'clock' | 'mailer'>): Notifier {
  const running = once<'inbox' | 'others', void>();
  let stopped = false;
  let last: Promise<unknown> = Promise.resolve();
  let soon: NodeJS.Timeout | undefined;
  const run = () => {
    if (stopped) return;
    const failed = (err: unknown) => deps.log.error({ err }, 'could not deliver notifications');
    last = Promise.all([
      running('inbox', () => deliverInbox(deps)).catch(failed),
      running('others', () => deliverOthers(deps)).catch(failed),
    ]);
  };
  const timer = setInterval(run, Number(deps.config.notifications.fetchIntervalNs / 1_000_000n));
  timer.unref();
  messageQueued.hear(() => {
    soon ??= setTimeout(() => {
      soon = undefined;
      run();
    }, SOON_MS).unref();
  });
  run();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await Promise.race([last, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
    },
  };
}
