// The queue of messages to people: every replica takes from it, each message is with one of them at a time.
import { type SQL, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import type { notificationMessages } from './schema-notifications.ts';

type Row = typeof notificationMessages.$inferInsert;

/** What is to be said, the same for everybody who is told. */
export type NewMessage = Pick<Row, 'templateId' | 'targets' | 'title' | 'content' | 'actions' | 'labels' | 'mark'> & {
  data: object | null;
  sealedLabels: string | null;
};

/** Who is told: one person, or all who look after accounts but the one whom it is about. */
export type Recipients = { userId: string } | { adminsBut: string };

export interface Ways {
  /** How a template is delivered for which nobody chose a method. */
  method: string;
  /** Whether there is a copy in the inbox. */
  inbox: boolean;
  /** The methods by which this deployment can deliver at all. */
  available: readonly string[];
}

const json = (value: unknown): SQL => sql`${JSON.stringify(value)}::jsonb`;
/** Whether somebody switched a template off. */
const isUnwanted = (userId: SQL, templateId: SQL): SQL =>
  sql`exists (select from notification_preferences p where p.user_id = ${userId} and p.template_id = ${templateId} and p.disabled)`;

/**
 * Puts a message into the queue for each recipient and way. One that is there already, equal in all that its mark covers,
 * and one that its recipient switched off, are left out.
 */
export async function enqueue(
  db: Db,
  to: Recipients,
  { method, inbox, available }: Ways,
  message: NewMessage,
  now: string,
): Promise<void> {
  const { templateId, targets, title, content, actions, labels, data, sealedLabels, mark } = message;
  const who =
    'userId' in to
      ? sql`u.id = ${to.userId}`
      : sql`u.roles && array['owner', 'user-admin'] and u.id <> ${to.adminsBut}::uuid`;
  await db.execute(sql`
    insert into notification_messages (id, user_id, method, template_id, targets, title, content, actions, labels, data,
      sealed_labels, created_at, due_at, mark)
    select gen_random_uuid(), u.id, way.method, ${templateId}::uuid, ${sql.param(targets)}::uuid[], ${title}, ${content}, ${json(actions)},
      ${json(labels)}, ${data === null ? sql`null::jsonb` : json(data)}, ${sealedLabels}, ${now}::timestamptz, ${now}::timestamptz, ${mark}
    from users u cross join (
      select coalesce((select method from notification_methods where template_id = ${templateId}::uuid), ${method}) as method
      union select 'inbox' where ${inbox}) way
    where u.deleted = false and u.is_system = false and ${who}
      and way.method = any(${sql.param(available)}::text[])
      and not ${isUnwanted(sql`u.id`, sql`${templateId}::uuid`)}
    on conflict (user_id, method, mark) do nothing`);
}

const IS_PAUSED = sql`exists (select from site_settings where key = 'notifications_settings' and value::jsonb @> '{"notifier_paused":true}')`;

/**
 * Delivers what is due to inboxes, oldest first: taking a message and putting it into the inbox are one statement, so each
 * arrives once, whenever a replica dies.
 * @returns how many were taken, at most `most`
 */
export async function deliverToInboxes(db: Db, now: string, most: number): Promise<number> {
  const { rowCount } = await db.execute(sql`
    with due as (
      select id from notification_messages
      where status = 'pending' and method = 'inbox' and due_at <= ${now}::timestamptz and not ${IS_PAUSED}
      order by due_at limit ${most} for update skip locked
    ), taken as (
      update notification_messages m set status = case
        when u.deleted or ${isUnwanted(sql`m.user_id`, sql`m.template_id`)} then 'unwanted' else 'sent' end
      from due, users u where m.id = due.id and u.id = m.user_id returning m.*
    ), arrived as (
      insert into inbox_notifications (id, user_id, template_id, targets, title, content, actions, icon, created_at)
      select id, user_id, template_id, targets, title, content, actions,
        case when targets is null then 'DEFAULT_ICON_OTHER' else 'DEFAULT_ICON_ACCOUNT' end,
        ${now}::timestamptz + row_number() over (order by created_at, id) * interval '1 microsecond'
      from taken where status = 'sent'
    )
    select id from taken`);
  return rowCount ?? 0;
}

/** A message that is to be sent by mail or webhook, with whom it is for. */
export interface LeasedMessage {
  id: string;
  method: string;
  templateId: string;
  targets: string[] | null;
  title: string;
  content: string;
  actions: { label: string; url: string }[];
  labels: Record<string, string>;
  data: object | null;
  attempts: number;
  userId: string;
  email: string;
  name: string;
  username: string;
  /** The recipient is gone, or switched the template off since. */
  unwanted: boolean;
}

/**
 * Takes what is due by other ways than the inbox, the longest due first: until `until` it is with this replica alone, after
 * that with whoever takes it next.
 */
export async function leaseMessages(db: Db, now: string, until: string, most: number): Promise<LeasedMessage[]> {
  const { rows } = await db.execute(sql`
    with due as (
      select id from notification_messages
      where status = 'pending' and method <> 'inbox' and due_at <= ${now}::timestamptz and not ${IS_PAUSED}
      order by due_at limit ${most} for update skip locked
    )
    update notification_messages m set due_at = ${until}::timestamptz
    from due, users u where m.id = due.id and u.id = m.user_id
    returning m.id, m.method, m.template_id as "templateId", m.targets, m.title, m.content, m.actions, m.labels, m.data, m.attempts,
      u.id as "userId", u.email, u.name, u.username,
      u.deleted or ${isUnwanted(sql`m.user_id`, sql`m.template_id`)} as unwanted`);
  return rows as unknown as LeasedMessage[];
}

/** Notes that a message needs no more attempts. */
export async function settleMessage(db: Db, id: string, status: 'sent' | 'failed' | 'unwanted'): Promise<void> {
  await db.execute(sql`
    update notification_messages set status = ${status}, attempts = attempts + ${status === 'unwanted' ? 0 : 1}, sealed_labels = null
    where id = ${id}::uuid and status = 'pending'`);
}

/** Notes that an attempt failed, and when the next one is due. */
export async function postponeMessage(db: Db, id: string, dueAt: string): Promise<void> {
  await db.execute(sql`
    update notification_messages set attempts = attempts + 1, due_at = ${dueAt}::timestamptz
    where id = ${id}::uuid and status = 'pending'`);
}
