// Whether the things that somebody asks about exist.
import { inArray } from 'drizzle-orm';
import type { Db } from './db.ts';
import { organizations, users } from './schema.ts';

/** Those of the ids that are a user's, deleted ones too. */
export async function existingUserIds(db: Db, ids: string[]): Promise<Set<string>> {
  const rows = ids.length === 0 ? [] : await db.select({ id: users.id }).from(users).where(inArray(users.id, ids));
  return new Set(rows.map(({ id }) => id));
}

/** Those of the ids that are an organization's, and so that of its Everyone group. */
export async function existingOrganizationIds(db: Db, ids: string[]): Promise<Set<string>> {
  const rows =
    ids.length === 0
      ? []
      : await db.select({ id: organizations.id }).from(organizations).where(inArray(organizations.id, ids));
  return new Set(rows.map(({ id }) => id));
}
