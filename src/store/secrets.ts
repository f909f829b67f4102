// User secrets as rows; values are stored encrypted and read only to be encrypted anew.
import { and, eq, sql } from 'drizzle-orm';
import { readable } from './columns.ts';
import type { Db } from './db.ts';
import { userSecrets } from './schema-belongings.ts';

/** Everything but the value. */
const secretColumns = readable({
  id: userSecrets.id,
  name: userSecrets.name,
  description: userSecrets.description,
  envName: userSecrets.envName,
  filePath: userSecrets.filePath,
  valueBytes: userSecrets.valueBytes,
  createdAt: userSecrets.createdAt,
  updatedAt: userSecrets.updatedAt,
});

export interface SecretRow {
  id: string;
  name: string;
  description: string;
  envName: string;
  filePath: string;
  /** Length of the plain value in UTF-8. */
  valueBytes: number;
  createdAt: string;
  updatedAt: string;
}

/** A user's secrets in the order of their names, byte by byte. */
export async function listSecrets(db: Db, userId: string): Promise<SecretRow[]> {
  return db.select(secretColumns).from(userSecrets).where(eq(userSecrets.userId, userId)).orderBy(userSecrets.name);
}

/** The secret of that exact name. */
export async function findSecret(db: Db, userId: string, name: string): Promise<SecretRow | undefined> {
  const rows = await db
    .select(secretColumns)
    .from(userSecrets)
    .where(and(eq(userSecrets.userId, userId), eq(userSecrets.name, name)));
  return rows[0];
}

/** Whose secret this is, and its name. */
export async function findSecretById(
  db: Db,
  id: string,
): Promise<{ id: string; userId: string; name: string } | undefined> {
  const { userId, name } = userSecrets;
  const rows = await db.select({ id: userSecrets.id, userId, name }).from(userSecrets).where(eq(userSecrets.id, id));
  return rows[0];
}

/** The encrypted value of a secret; undefined when it is gone. */
export async function findSealedValue(db: Db, id: string): Promise<string | undefined> {
  const rows = await db.select({ value: userSecrets.value }).from(userSecrets).where(eq(userSecrets.id, id));
  return rows[0]?.value;
}

/** Stores a secret. @throws a unique violation on name, variable or path */
export async function insertSecret(db: Db, secret: typeof userSecrets.$inferInsert): Promise<SecretRow> {
  const [row] = await db.insert(userSecrets).values(secret).returning(secretColumns);
  if (!row) throw new Error('a secret was not stored');
  return row;
}

type Changes = Partial<Omit<typeof userSecrets.$inferInsert, 'id' | 'userId' | 'name' | 'createdAt'>>;

/** Changes a secret; undefined when it is gone. @throws a unique violation on variable or path */
export async function updateSecret(db: Db, id: string, changes: Changes): Promise<SecretRow | undefined> {
  const rows = await db.update(userSecrets).set(changes).where(eq(userSecrets.id, id)).returning(secretColumns);
  return rows[0];
}

/** Deletes the secret of that name; the deleted row, undefined when there was none. */
export async function deleteSecret(db: Db, userId: string, name: string): Promise<SecretRow | undefined> {
  const rows = await db
    .delete(userSecrets)
    .where(and(eq(userSecrets.userId, userId), eq(userSecrets.name, name)))
    .returning(secretColumns);
  return rows[0];
}

/**
 * Of a user's secrets other than `exceptId`: how many and how big they are, and which of the three names are taken.
 * Meant for a transaction that holds the user's row.
 */
export async function surveySecrets(
  db: Db,
  userId: string,
  wanted: { name: string; envName: string; filePath: string },
  exceptId: string | null,
): Promise<{
  count: number;
  bytes: number;
  envBytes: number;
  nameTaken: boolean;
  envNameTaken: boolean;
  filePathTaken: boolean;
}> {
  const { name, envName, filePath } = wanted;
  const [totals] = await db
    .select({
      count: sql<number>`count(*)::int`,
      bytes: sql<number>`coalesce(sum(${userSecrets.valueBytes}), 0)::int`,
      envBytes: sql<number>`coalesce(sum(${userSecrets.valueBytes}) filter (where ${userSecrets.envName} <> ''), 0)::int`,
      nameTaken: sql<boolean>`coalesce(bool_or(${userSecrets.name} = ${name}), false)`,
      envNameTaken: sql<boolean>`coalesce(bool_or(${userSecrets.envName} = ${envName} and ${envName}::text <> ''), false)`,
      filePathTaken: sql<boolean>`coalesce(bool_or(${userSecrets.filePath} = ${filePath} and ${filePath}::text <> ''), false)`,
    })
    .from(userSecrets)
    .where(and(eq(userSecrets.userId, userId), sql`${userSecrets.id} is distinct from ${exceptId}::uuid`));
  if (!totals) throw new Error('totals without a row');
  return totals;
}
