// Applications that act for people, and their secrets, as rows.
import { and, desc, eq, getTableColumns } from 'drizzle-orm';
import { readable } from './columns.ts';
import type { Db } from './db.ts';
import { oauth2AppSecrets, oauth2Apps } from './schema-oauth2.ts';

export type OAuth2AppRow = typeof oauth2Apps.$inferSelect;

export interface OAuth2SecretRow {
  id: string;
  displayed: string;
  lastUsedAt: string | null;
}

const columns = readable(getTableColumns(oauth2Apps));
const secretColumns = readable({
  id: oauth2AppSecrets.id,
  displayed: oauth2AppSecrets.displayed,
  lastUsedAt: oauth2AppSecrets.lastUsedAt,
});

/** All applications by name, of equal ones the newest first. */
export async function listApps(db: Db): Promise<OAuth2AppRow[]> {
  return db.select(columns).from(oauth2Apps).orderBy(oauth2Apps.name, desc(oauth2Apps.createdAt), desc(oauth2Apps.id));
}

export async function findApp(db: Db, id: string): Promise<OAuth2AppRow | undefined> {
  return (await db.select(columns).from(oauth2Apps).where(eq(oauth2Apps.id, id)))[0];
}

/** The application, locked until the transaction ends. */
export async function lockApp(db: Db, id: string): Promise<OAuth2AppRow | undefined> {
  return (await db.select(columns).from(oauth2Apps).where(eq(oauth2Apps.id, id)).for('update'))[0];
}

export async function insertApp(db: Db, app: OAuth2AppRow): Promise<void> {
  await db.insert(oauth2Apps).values(app);
}

export async function updateApp(
  db: Db,
  id: string,
  changes: Pick<OAuth2AppRow, 'name' | 'callbackUrl' | 'icon' | 'updatedAt'>,
): Promise<void> {
  await db.update(oauth2Apps).set(changes).where(eq(oauth2Apps.id, id));
}

/** Deletes an application with its secrets. */
export async function deleteApp(db: Db, id: string): Promise<void> {
  await db.delete(oauth2Apps).where(eq(oauth2Apps.id, id));
}

/** The secrets of an application, the oldest first. */
export async function listSecrets(db: Db, appId: string): Promise<OAuth2SecretRow[]> {
  return db
    .select(secretColumns)
    .from(oauth2AppSecrets)
    .where(eq(oauth2AppSecrets.appId, appId))
    .orderBy(oauth2AppSecrets.createdAt, oauth2AppSecrets.id);
}

export async function insertSecret(db: Db, secret: typeof oauth2AppSecrets.$inferInsert): Promise<void> {
  await db.insert(oauth2AppSecrets).values(secret);
}

/** Deletes a secret of an application; undefined when there is none of this id. */
export async function deleteSecret(db: Db, appId: string, id: string): Promise<OAuth2SecretRow | undefined> {
  const rows = await db
    .delete(oauth2AppSecrets)
    .where(and(eq(oauth2AppSecrets.appId, appId), eq(oauth2AppSecrets.id, id)))
    .returning(secretColumns);
  return rows[0];
}
