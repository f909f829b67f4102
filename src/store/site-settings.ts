// Values of the whole deployment, one for each key.
import { eq, inArray } from 'drizzle-orm';
import type { Db } from './db.ts';
import { siteSettings } from './schema.ts';

/** The value of a key, undefined when never written. */
export async function readSetting(db: Db, key: string): Promise<string | undefined> {
  const rows = await db.select().from(siteSettings).where(eq(siteSettings.key, key));
  return rows[0]?.value;
}

/** Writes a value over whatever was there. */
export async function writeSetting(db: Db, key: string, value: string): Promise<void> {
  await db.insert(siteSettings).values({ key, value }).onConflictDoUpdate({ target: siteSettings.key, set: { value } });
}

/** The value of a key, written first if it is missing: of several writers at once all read the same one. */
export async function readOrCreateSetting(db: Db, key: string, make: () => string): Promise<string> {
  const found = await readSetting(db, key);
  if (found !== undefined) return found;
  await db.insert(siteSettings).values({ key, value: make() }).onConflictDoNothing();
  return (await readSetting(db, key)) ?? readOrCreateSetting(db, key, make);
}

/** The values of those of the keys that were ever written. */
export async function readSettings(db: Db, keys: readonly string[]): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map();
  const rows = await db
    .select()
    .from(siteSettings)
    .where(inArray(siteSettings.key, [...keys]));
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/**
 * The value of a key, which nobody else writes until the transaction ends; undefined when never written. The caller must
 * write it, or roll back: an empty row stands in for a missing one meanwhile.
 */
export async function lockSetting(db: Db, key: string): Promise<string | undefined> {
  await db.insert(siteSettings).values({ key, value: '' }).onConflictDoNothing();
  const rows = await db.select().from(siteSettings).where(eq(siteSettings.key, key)).for('update');
  return rows[0]?.value || undefined;
}

/** Forgets keys. */
export async function deleteSettings(db: Db, keys: readonly string[]): Promise<void> {
  await db.delete(siteSettings).where(inArray(siteSettings.key, [...keys]));
}
