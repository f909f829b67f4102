// Git SSH keys as rows; the private half is stored encrypted.
import { eq } from 'drizzle-orm';
import { readable } from './columns.ts';
import type { Db } from './db.ts';
import { gitSshKeys } from './schema-belongings.ts';

/** What answers show: never the private half. */
const publicColumns = readable({
  userId: gitSshKeys.userId,
  createdAt: gitSshKeys.createdAt,
  updatedAt: gitSshKeys.updatedAt,
  publicKey: gitSshKeys.publicKey,
});

export interface GitSshKeyRow {
  userId: string;
  createdAt: string;
  updatedAt: string;
  publicKey: string;
}

/** Stores a user's first key. */
export async function insertGitSshKey(db: Db, key: typeof gitSshKeys.$inferInsert): Promise<void> {
  await db.insert(gitSshKeys).values(key);
}

/** A user's key without its private half; undefined for an account that never had one. */
export async function findGitSshKey(db: Db, userId: string): Promise<GitSshKeyRow | undefined> {
  const rows = await db.select(publicColumns).from(gitSshKeys).where(eq(gitSshKeys.userId, userId));
  return rows[0];
}

/** Replaces a user's pair; `createdAt` stays. Undefined for an account that never had one. */
export async function updateGitSshKey(
  db: Db,
  userId: string,
  changes: { updatedAt: string; publicKey: string; privateKey: string },
): Promise<GitSshKeyRow | undefined> {
  const rows = await db.update(gitSshKeys).set(changes).where(eq(gitSshKeys.userId, userId)).returning(publicColumns);
  return rows[0];
}
