// What the server's role may not do in an external database, as the statements that an administrator runs to allow it.
import { withClient } from './client.ts';

interface Rights {
  readonly role: string;
  readonly schema: string;
  readonly may_use: boolean;
  readonly may_create: boolean;
  /** The extension is there, or the role may make it. */
  readonly has_trigrams: boolean;
  /** Tables that the role may not read and write. */
  readonly closed: string[];
}

/** Names come quoted, ready for a statement. */
const RIGHTS = `
  with here as (select coalesce(current_schema(), 'public') as name),
    ours as (select tablename, format('%I.%I', schemaname, tablename) as path
      from pg_tables, here where schemaname = here.name and tablename = any($1::text[]))
  select quote_ident(current_user) as role, quote_ident(here.name) as schema,
    has_schema_privilege(here.name, 'USAGE') as may_use,
    has_schema_privilege(here.name, 'CREATE') as may_create,
    exists (select from pg_extension where extname = 'pg_trgm')
      or has_database_privilege(current_database(), 'CREATE') as has_trigrams,
    array(select quote_ident(tablename) from ours where not (
      has_table_privilege(path, 'SELECT') and has_table_privilege(path, 'INSERT') and
      has_table_privilege(path, 'UPDATE') and has_table_privilege(path, 'DELETE')) order by 1)::text[] as closed
  from here`;

/**
 * What the role of `url` lacks.
 * @param needs `serve`: reading and writing the tables that are there; `migrate`: making them as well
 * @param tables the names of all our tables; others in the same schema are nobody's business
 * @returns statements for an administrator, none when nothing is missing
 */
export async function missingGrants(url: string, needs: 'serve' | 'migrate', tables: string[]): Promise<string[]> {
  const rights = await withClient(url, async (client) => (await client.query<Rights>(RIGHTS, [tables])).rows[0]);
  if (rights === undefined) return [];
  const { role, schema, closed } = rights;
  const statements: [lacking: boolean, statement: string][] = [
    [needs === 'migrate' && !rights.has_trigrams, 'CREATE EXTENSION pg_trgm;'],
    [needs === 'migrate' && !rights.may_create, `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role};`],
    [needs === 'serve' && !rights.may_use, `GRANT USAGE ON SCHEMA ${schema} TO ${role};`],
    [closed.length > 0, `GRANT SELECT, INSERT, UPDATE, DELETE ON ${closed.join(', ')} TO ${role};`],
  ];
  return statements.filter(([lacking]) => lacking).map(([, statement]) => statement);
}
