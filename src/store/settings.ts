// A user's settings as rows of key and value.
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { userConfigs } from './schema-belongings.ts';
import { autofillParameters } from './schema-import.ts';

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

/** What a user typed into the form of a template before, by name. */
export async function listAutofillParameters(
  db: Db,
  userId: string,
  templateId: string,
): Promise<{ name: string; value: string }[]> {
  return db
    .select({ name: autofillParameters.name, value: autofillParameters.value })
    .from(autofillParameters)
    .where(and(eq(autofillParameters.userId, userId), eq(autofillParameters.templateId, templateId)))
    .orderBy(autofillParameters.name);
}
