// Tells those who watch their inbox of each message that arrives there, whichever replica put it there.
import { instantText, SECOND } from '../clock.ts';
import type { ActorCtx, AppDeps } from '../ctx.ts';
import { ApiError } from '../errors.ts';
import { countUnreadOf, type InboxFilter, type InboxRow, listArrivals } from '../store/inbox.ts';
import { listLivingKeys } from '../store/keys.ts';

/** One statement for all who watch, and none while nobody does (docs/decisions/0043). */
const EVERY_MS = 1000;
/** How far the clocks of replicas may be apart, and how long a transaction may take, before a message is missed. */
const WINDOW = 60 * SECOND;
const MAX_EACH = 20;
const MAX_ALL = 5000;
/** Arrivals that one look takes in; what is beyond comes with the next one. */
const MAX_ARRIVALS = 1000;

/** What a service may do with the connection of somebody who watches. */
export interface WatchChannel {
  send(text: string): void;
  close(code: number, reason: string): void;
  onClose(listener: () => void): void;
}

interface Watcher {
  readonly userId: string;
  readonly keyId: string;
  readonly filter: InboxFilter;
  readonly channel: WatchChannel;
  /** The frame that tells of a message. */
  readonly frame: (message: InboxRow, unread: number) => string;
  /** What need not be told, as it was there before or was told. */
  seen: Set<string>;
}

export interface InboxWatch {
  /** @throws ApiError 429 for one watch too many */
  requireRoom(ctx: ActorCtx): void;
  add(ctx: ActorCtx, filter: InboxFilter, channel: WatchChannel, frame: Watcher['frame']): Promise<void>;
  /** Looks once; resolves when everybody was told. */
  look(): Promise<void>;
  close(): void;
}

const fits = ({ readStatus, templates, targets }: InboxFilter, message: InboxRow): boolean =>
  readStatus !== 'read' &&
  (templates.length === 0 || templates.includes(message.templateId)) &&
  targets.every((id) => message.targets?.includes(id) === true);

/** Watches the inboxes of a deployment; nothing is asked of the database before somebody watches. */
export function createInboxWatch({ db, clock, log }: Pick<AppDeps, 'db' | 'clock' | 'log'>): InboxWatch {
  const watchers = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;

  const arrivals = (userIds: string[]) => listArrivals(db, userIds, instantText(clock() - WINDOW), MAX_ARRIVALS);

  async function look(): Promise<void> {
    const all = [...watchers];
    if (all.length === 0) return;
    const living = await listLivingKeys(
      db,
      all.map(({ keyId }) => keyId),
      instantText(clock()),
    );
    const [gone, present] = [all.filter((one) => !living.has(one.keyId)), all.filter((one) => living.has(one.keyId))];
    for (const { channel } of gone) channel.close(1008, 'The session has ended.');
    const messages = await arrivals([...new Set(present.map(({ userId }) => userId))]);
    const fresh = messages.filter((one) =>
      present.some(({ userId, seen }) => userId === one.userId && !seen.has(one.id)),
    );
    if (fresh.length > 0) {
      const unread = await countUnreadOf(db, [...new Set(fresh.map(({ userId }) => userId))]);
      for (const { userId, seen, filter, channel, frame } of present) {
        for (const message of fresh) {
          if (message.userId !== userId || seen.has(message.id)) continue;
          seen.add(message.id);
          if (fits(filter, message)) channel.send(frame(message, unread.get(userId) ?? 0));
        }
      }
    }
    const recent = new Set(messages.map(({ id }) => id));
    if (messages.length < MAX_ARRIVALS)
      for (const one of present) one.seen = new Set([...one.seen].filter((id) => recent.has(id)));
  }

  /** One look after another. A database that is away is asked again: nobody is sent away for it. */
  function lookSoon(): void {
    if (timer !== undefined || watchers.size === 0) return;
    timer = setTimeout(() => {
      const next = () => {
        timer = undefined;
        lookSoon();
      };
      look().then(next, (err) => {
        log.warn({ err }, 'could not look for new notifications');
        next();
      });
    }, EVERY_MS).unref();
  }

  return {
    requireRoom({ actor }) {
      const own = [...watchers].filter(({ userId }) => userId === actor.user.id).length;
      if (own >= MAX_EACH || watchers.size >= MAX_ALL)
        throw new ApiError(429, 'There are too many connections that watch for notifications.');
    },
    async add({ actor }, filter, channel, frame) {
      const { id: userId } = actor.user;
      const watcher: Watcher = { userId, keyId: actor.keyId, filter, channel, frame, seen: new Set() };
      let isOpen = true;
      channel.onClose(() => {
        isOpen = false;
        watchers.delete(watcher);
      });
      watchers.add(watcher);
      watcher.seen = new Set((await arrivals([userId])).map(({ id }) => id));
      if (isOpen) lookSoon();
    },
    look,
    close() {
      clearTimeout(timer);
      for (const { channel } of watchers) channel.close(1001, 'The server is going away.');
      watchers.clear();
    },
  };
}
