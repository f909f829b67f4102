// Users as rows: reading, writing and what other tables say of them.
import { and, eq, sql } from 'drizzle-orm';
import { folded, readable } from './columns.ts';
import type { Db } from './db.ts';
import { lockPeople } from './locks.ts';
import { prepared } from './prepared.ts';
import { SYSTEM_USER_ID, users } from './schema.ts';

/** As in the unique index. */
const foldedEmail = sql`lower(${users.email} collate "C")`;
/** Written out rather than bound: a prepared statement uses the partial indexes only when it can see the value. */
const isLiving = sql`${users.deleted} = false`;

/** The columns that answers and decisions need; never the password. */
export const userColumns = readable({
  id: users.id,
  username: users.username,
  email: users.email,
  name: users.name,
  avatarUrl: users.avatarUrl,
  loginType: users.loginType,
  status: users.status,
  roles: users.roles,
  createdAt: users.createdAt,
  updatedAt: users.updatedAt,
  lastSeenAt: users.lastSeenAt,
  deleted: users.deleted,
  isSystem: users.isSystem,
  isServiceAccount: users.isServiceAccount,
  hasAiSeat: users.hasAiSeat,
  organizationIds: sql<
    string[]
  >`array(select m.organization_id from organization_members m where m.user_id = ${users.id} order by m.created_at, m.organization_id)`,
});

export interface UserRow {
  id: string;
  username: string;
  email: string;
  name: string;
  avatarUrl: string;
  loginType: string;
  status: string;
  roles: string[];
  createdAt: string;
  updatedAt: string;
  lastSeenAt: string;
  deleted: boolean;
  isSystem: boolean;
  isServiceAccount: boolean;
  hasAiSeat: boolean;
  organizationIds: string[];
}

const byId = prepared((db) =>
  db
    .select(userColumns)
    .from(users)
    .where(eq(users.id, sql.placeholder('id')))
    .prepare('user_by_id'),
);
const byName = prepared((db) =>
  db
    .select(userColumns)
    .from(users)
    .where(and(eq(users.usernameLower, folded(sql.placeholder('username'))), isLiving))
    .prepare('user_by_name'),
);

/** The user with this id, deleted ones too. */
export async function findUserById(db: Db, id: string): Promise<UserRow | undefined> {
  return (await byId(db).execute({ id }))[0];
}

/** The living user of this name, compared without case. */
export async function findUserByName(db: Db, username: string): Promise<UserRow | undefined> {
  return (await byName(db).execute({ username }))[0];
}

/** The living user of this name or address (each compared without case, an empty address never matches). */
export async function findUserByNameOrEmail(db: Db, username: string, email: string): Promise<UserRow | undefined> {
  const rows = await db
    .select(userColumns)
    .from(users)
    .where(
      and(
        isLiving,
        sql`(${users.usernameLower} = ${folded(username)} or (${email} <> '' and ${foldedEmail} = ${folded(email)}))`,
      ),
    )
    .limit(1);
  return rows[0];
}

const byEmailWithPassword = prepared((db) =>
  db
    .select({
      ...userColumns,
      ...readable({
        hashedPassword: users.hashedPassword,
        hashedOneTimePasscode: users.hashedOneTimePasscode,
        oneTimePasscodeExpiresAt: users.oneTimePasscodeExpiresAt,
      }),
    })
    .from(users)
    .where(and(sql`${foldedEmail} = ${folded(sql.placeholder('email'))}`, isLiving, sql`${users.email} <> ''`))
    .prepare('user_by_email'),
);

/** The living user of this address with the stored hashes: for checking passwords and passcodes only. */
export async function findCredentialsByEmail(db: Db, email: string) {
  return (await byEmailWithPassword(db).execute({ email }))[0];
}

/** The stored password hash, "" for a user without one or an unknown id. */
export async function findPasswordHash(db: Db, id: string): Promise<string> {
  const rows = await db.select({ hash: users.hashedPassword }).from(users).where(eq(users.id, id));
  return rows[0]?.hash ?? '';
}

/** Whether any account has a password hash of a form that begins so. */
export async function hasHashOfForm(db: Db, beginning: string): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(isLiving, sql`starts_with(${users.hashedPassword}, ${beginning})`))
    .limit(1);
  return rows.length > 0;
}

/** Replaces a password hash if it is still `old`, since a password changed meanwhile must not come back; false if not. */
export async function replacePasswordHash(db: Db, id: string, old: string, hashedPassword: string): Promise<boolean> {
  const rows = await db
    .update(users)
    .set({ hashedPassword })
    .where(and(eq(users.id, id), eq(users.hashedPassword, old)))
    .returning({ id: users.id });
  return rows.length > 0;
}

/** Whether any living user but the system account exists. */
export async function hasAnyUser(db: Db): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(isLiving, sql`${users.isSystem} = false`))
    .limit(1);
  return rows.length > 0;
}

export type NewUser = typeof users.$inferInsert;

/** @throws a unique violation on `uniques.username` or `uniques.email` */
export async function insertUser(db: Db, user: NewUser): Promise<void> {
  await db.insert(users).values(user);
}

type UserChanges = Partial<typeof users.$inferInsert>;

/**
 * Changes a living user.
 * @returns false when there is no living user of this id (nothing is changed)
 */
export async function updateUser(db: Db, id: string, changes: UserChanges): Promise<boolean> {
  const rows = await db
    .update(users)
    .set(changes)
    .where(and(eq(users.id, id), isLiving))
    .returning({ id: users.id });
  return rows.length > 0;
}

/** A user as stored while its row is locked, with the hashes that a change of password must find again. */
export type LockedUser = UserRow & {
  hashedPassword: string;
  hashedOneTimePasscode: string | null;
  oneTimePasscodeExpiresAt: string | null;
};

/** Locks the user's row until the transaction ends (locks.ts); undefined when nobody living has this id. */
export async function lockUser(db: Db, id: string): Promise<LockedUser | undefined> {
  await lockPeople(db, { target: id });
  // Read by another statement: one that waited for the row still sees the memberships of before.
  return findLockedUser(db, id);
}

/** A living user whose row is locked already. */
export async function findLockedUser(db: Db, id: string): Promise<LockedUser | undefined> {
  const rows = await db
    .select({
      ...userColumns,
      ...readable({
        hashedPassword: users.hashedPassword,
        hashedOneTimePasscode: users.hashedOneTimePasscode,
        oneTimePasscodeExpiresAt: users.oneTimePasscodeExpiresAt,
      }),
    })
    .from(users)
    .where(and(eq(users.id, id), isLiving));
  return rows[0];
}

/** Every living owner, as far as it matters who of them is left. */
export async function listOwners(db: Db): Promise<Pick<UserRow, 'id' | 'status' | 'loginType' | 'isServiceAccount'>[]> {
  const { id, status, loginType, isServiceAccount } = userColumns;
  return db
    .select({ id, status, loginType, isServiceAccount })
    .from(users)
    .where(and(isLiving, sql`${users.roles} @> array['owner']`));
}

/** Marks a user deleted and takes away all that lets the account act; settings, SSH key and status history stay. */
export async function deleteUser(db: Db, id: string, at: string): Promise<void> {
  await db.update(users).set({ deleted: true }).where(eq(users.id, id));
  await db.execute(sql`
    with keys as (delete from api_keys where user_id = ${id}),
      links as (delete from user_links where user_id = ${id}),
      secrets as (delete from user_secrets where user_id = ${id}),
      skills as (delete from user_skills where user_id = ${id}),
      messages as (delete from notification_messages where user_id = ${id}),
      inbox as (delete from inbox_notifications where user_id = ${id}),
      history as (insert into user_status_changes (user_id, new_status, changed_at) values (${id}, 'deleted', ${at}))
    delete from organization_members where user_id = ${id}`);
}

/** How many active people (no service accounts, not the system account) there are. */
export async function countActiveUsers(db: Db): Promise<number> {
  return db.$count(
    users,
    and(isLiving, eq(users.status, 'active'), eq(users.isServiceAccount, false), sql`${users.id} <> ${SYSTEM_USER_ID}`),
  );
}
