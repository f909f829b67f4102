// Delivers what is in the queue of notifications: one round of one replica.
import { instantText } from '../clock.ts';
import type { AppDeps } from '../ctx.ts';
import { deliverToInboxes } from '../store/notification-queue.ts';

/** The most messages that one statement puts into inboxes. */
const INBOX_BATCH = 500;

type Deps = Pick<AppDeps, 'db' | 'clock'>;

/** Puts everything that is due into inboxes. Whoever else is at work on a message keeps it. */
export async function deliverInbox({ db, clock }: Deps): Promise<void> {
  while ((await deliverToInboxes(db, instantText(clock()), INBOX_BATCH)) === INBOX_BATCH);
}
