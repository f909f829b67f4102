// By which method templates of notifications are delivered, where somebody chose one.
import { eq } from 'drizzle-orm';
import type { Db } from './db.ts';
import { notificationMethods } from './schema-notifications.ts';

/** The chosen methods by template. */
export async function listMethods(db: Db): Promise<Map<string, string>> {
  const rows = await db.select().from(notificationMethods);
  return new Map(rows.map(({ templateId, method }) => [templateId, method]));
}

/** The chosen method of a template; undefined when nobody chose one. */
export async function findMethod(db: Db, templateId: string): Promise<string | undefined> {
  const rows = await db.select().from(notificationMethods).where(eq(notificationMethods.templateId, templateId));
  return rows[0]?.method;
}

/** Chooses a method, whatever was chosen before. */
export async function upsertMethod(db: Db, templateId: string, method: string): Promise<void> {
  await db
    .insert(notificationMethods)
    .values({ templateId, method })
    .onConflictDoUpdate({ target: notificationMethods.templateId, set: { method } });
}
