// Addresses that wait for their proof: what was asked for, until the mailed link is opened.
import { and, eq, gt, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { users } from './schema.ts';
import { emailChanges } from './schema-mails.ts';

/** What a stored password is compared by: not the hash itself, which belongs into one table. */
const passwordMark = sql`sha256(convert_to(${users.hashedPassword}, 'UTF8'))`;

/** Keeps a wish in place of an earlier one, with the address and the password that the account has now. */
export async function putEmailChange(
  db: Db,
  { userId, email, tokenHash, expiresAt }: { userId: string; email: string; tokenHash: Buffer; expiresAt: string },
): Promise<void> {
  await db.execute(sql`
    insert into email_changes (user_id, email, token_hash, expires_at, old_email, password_mark)
    select ${users.id}, ${email}, ${tokenHash}, ${expiresAt}, ${users.email}, ${passwordMark} from ${users}
    where ${users.id} = ${userId}
    on conflict (user_id) do update set email = excluded.email, token_hash = excluded.token_hash,
      expires_at = excluded.expires_at, old_email = excluded.old_email, password_mark = excluded.password_mark`);
}

/** Whose wish a token belongs to. */
export async function findWishingUser(db: Db, tokenHash: Buffer): Promise<string | undefined> {
  const rows = await db
    .select({ userId: emailChanges.userId })
    .from(emailChanges)
    .where(eq(emailChanges.tokenHash, tokenHash));
  return rows[0]?.userId;
}

/** The wish that a token belongs to, deleted with this statement: of two uses at once one finds it. */
export async function takeEmailChange(db: Db, tokenHash: Buffer, now: string) {
  const rows = await db
    .delete(emailChanges)
    .where(and(eq(emailChanges.tokenHash, tokenHash), gt(emailChanges.expiresAt, now)))
    .returning();
  return rows[0];
}

/**
 * Gives an account the address that was proven. Void when address, password or login type are not what they were when
 * it was asked for, and for suspended and deleted accounts.
 * @returns false when it is void
 * @throws a unique violation on `uniques.email`
 */
export async function applyEmailChange(
  db: Db,
  wish: typeof emailChanges.$inferSelect,
  updatedAt: string,
): Promise<boolean> {
  const rows = await db
    .update(users)
    .set({ email: wish.email, hashedOneTimePasscode: null, oneTimePasscodeExpiresAt: null, updatedAt })
    .where(
      and(
        eq(users.id, wish.userId),
        sql`${users.deleted} = false and ${users.status} <> 'suspended' and ${users.loginType} = 'password'`,
        eq(users.email, wish.oldEmail),
        sql`${passwordMark} = ${wish.passwordMark}`,
      ),
    )
    .returning({ id: users.id });
  return rows.length > 0;
}
