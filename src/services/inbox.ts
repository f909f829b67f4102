// Somebody's inbox: reading it, and noting what was read.
import { MAX_INBOX_PAGE } from '../codersdk/sizes.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { badRequest, forbidden, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { QueryReader, type QueryTerms } from '../golang/search.ts';
import { parseUuid, uuidProblem } from '../golang/uuids.ts';
import { can } from '../rbac/authorize.ts';
import { inboxMessageObject, userOwned } from '../rbac/objects.ts';
import {
  countUnread,
  findInboxMessage,
  type InboxFilter,
  type InboxRow,
  listInbox,
  type ReadStatus,
  setAllRead,
  setRead,
} from '../store/inbox.ts';

const READ_STATUSES: readonly string[] = ['all', 'read', 'unread'] satisfies ReadStatus[];

/** @throws ApiError 403 without the right to read the own inbox */
function requireOwnInbox(ctx: ActorCtx): void {
  if (!can(ctx.actor.subject, 'read', userOwned('inbox_notification', ctx.actor.user.id))) throw forbidden();
}

/**
 * What a request narrows an inbox to. Golden: notify-inbox
 * @param more other parameters that the operation has
 * @throws ApiError 400 for a bad or unknown parameter
 */
function inboxFilterOf(query: QueryTerms, more: readonly string[] = []): InboxFilter {
  const reader = new QueryReader(query);
  const startingBefore = reader.uuid('starting_before');
  const targets = reader.uuids('targets');
  const templates = reader.uuids('templates');
  const readStatus = reader.text('read_status') ?? 'all';
  for (const name of more) reader.text(name);
  reader.refuseUnknown();
  if (reader.problems.length > 0)
    throw badRequest('Query parameters have invalid values.', { validations: reader.problems });
  if (!READ_STATUSES.includes(readStatus)) {
    // The words name another parameter, which clients may know by now.
    throw badRequest("starting_before query parameter should be any of 'all', 'read', 'unread'.");
  }
  return { readStatus: readStatus as ReadStatus, templates, targets, startingBefore };
}

export interface Inbox {
  messages: InboxRow[];
  unread: number;
}

/**
 * The newest messages of the caller, and how many are unread whatever the filter.
 * @throws ApiError 400 for a bad parameter, 403 without the right to read them
 */
export async function readInbox(ctx: ActorCtx, query: QueryTerms): Promise<Inbox> {
  const filter = inboxFilterOf(query);
  requireOwnInbox(ctx);
  const { id } = ctx.actor.user;
  const [messages, unread] = await Promise.all([
    listInbox(ctx.db, id, filter, MAX_INBOX_PAGE),
    countUnread(ctx.db, id),
  ]);
  return { messages, unread };
}

/** The id in a path. @throws ApiError 400 for what is none */
export function pathUuid(written: string): string {
  const id = parseUuid(written);
  if (id === undefined) throw badRequest(`Invalid UUID ${quoted(written)}.`, { detail: uuidProblem(written) });
  return id;
}

/**
 * Notes that a message was read, or was not; repeating changes nothing. Golden: notify-inbox
 * @returns the message, and how many the caller has not read
 * @throws ApiError 400 for an id that is none, 404 for a message that is not there or that the caller may not change
 */
export async function markRead(
  ctx: ActorCtx,
  writtenId: string,
  isRead: boolean,
): Promise<{ message: InboxRow; unread: number }> {
  const id = pathUuid(writtenId);
  const { subject, user } = ctx.actor;
  const found = await findInboxMessage(ctx.db, id);
  const object = inboxMessageObject(found ?? { id, userId: user.id });
  if (!can(subject, 'update', object) || !can(subject, 'read', object))
    throw found?.userId === user.id ? forbidden() : notFound();
  const message = found && (await setRead(ctx.db, id, isRead ? nowText(ctx) : null));
  if (!message) throw notFound();
  return { message, unread: await countUnread(ctx.db, user.id) };
}

/** Notes that the caller has read everything. @throws ApiError 403 without the right to update the own inbox */
export async function markAllRead(ctx: ActorCtx): Promise<void> {
  if (!can(ctx.actor.subject, 'update', userOwned('inbox_notification', ctx.actor.user.id))) throw forbidden();
  await setAllRead(ctx.db, ctx.actor.user.id, nowText(ctx));
}

/**
 * What a request to watch asks for; its other parameters are those of the list.
 * @throws ApiError 400 for a bad parameter, 403 without the right to read the own inbox
 */
export function watchOf(ctx: ActorCtx, query: QueryTerms): { filter: InboxFilter; asPlainText: boolean } {
  const filter = inboxFilterOf(query, ['format']);
  requireOwnInbox(ctx);
  return { filter, asPlainText: query.get('format')?.[0] === 'plaintext' };
}
