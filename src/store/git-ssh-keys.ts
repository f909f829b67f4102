// Git SSH keys as rows; the private half is stored encrypted.
import type { Db } from './db.ts';
import { gitSshKeys } from './schema.ts';

/** Stores a user's first key. */
export async function insertGitSshKey(db: Db, key: typeof gitSshKeys.$inferInsert): Promise<void> {
  await db.insert(gitSshKeys).values(key);
}
