// Values of the whole deployment, one for each key.
import { eq } from 'drizzle-orm';
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
