// A user's settings as rows of key and value.
import { eq, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { userConfigs } from './schema.ts';

/** All that was ever set for a user, by key. */
export async function readUserConfigs(db: Db, userId: string): Promise<Map<string, string>> {
  const rows = await db
    .select({ key: userConfigs.key, value: userConfigs.value })
    .from(userConfigs)
    .where(eq(userConfigs.userId, userId));
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/** Writes values over whatever was there; other keys stay. */
export async function writeUserConfigs(db: Db, userId: string, values: Record<string, string>): Promise<void> {
  const rows = Object.entries(values).map(([key, value]) => ({ userId, key, value }));
  if (rows.length === 0) return;
  await db
    .insert(userConfigs)
    .values(rows)
    .onConflictDoUpdate({ target: [userConfigs.userId, userConfigs.key], set: { value: sql`excluded.value` } });
}
