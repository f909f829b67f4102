// How many mails an account was sent of late, so that nobody fills somebody's mailbox.
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

export type AccountMail = 'password_reset' | 'email_change';

/**
 * Counts a mail of a kind to an account, unless it is one too many: one a minute and five an hour, on all replicas
 * together (docs/differences.md 25).
 * @returns whether the mail may be sent
 */
export async function takeMailTurn(db: Db, userId: string, kind: AccountMail, now: string): Promise<boolean> {
  const within = (span: string) =>
    sql`array(select t from unnest(account_mails.sent_at) t where t > ${now}::timestamptz - ${span}::interval)`;
  const { rowCount } = await db.execute(sql`
    insert into account_mails (user_id, kind, sent_at) values (${userId}, ${kind}, array[${now}::timestamptz])
    on conflict (user_id, kind) do update set sent_at = ${within('1 hour')} || ${now}::timestamptz
    where cardinality(${within('1 minute')}) = 0 and cardinality(${within('1 hour')}) < 5`);
  return rowCount === 1;
}
