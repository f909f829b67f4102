// What the server's role may not do in an external database, as the statements that an administrator runs to allow it.
import { withClient } from './client.ts';

interface Rights {
  readonly role: string;
  readonly database: string;
  readonly schema: string;
  readonly may_create_in_database: boolean;
  readonly may_create_in_schema: boolean;
  readonly may_use_schema: boolean;
  /** Tables that the role may not read and write. */
  readonly closed: string[];
}

/** Names come quoted, ready for a statement. */
const RIGHTS = `
  with here as (select coalesce(current_schema(), 'public') as name)
  select quote_ident(current_user) as role, quote_ident(current_database()) as database, quote_ident(here.name) as schema,
    has_database_privilege(current_database(), 'CREATE') as may_create_in_database,
    has_schema_privilege(here.name, 'CREATE') as may_create_in_schema,
    has_schema_privilege(here.name, 'USAGE') as may_use_schema,
    array(select quote_ident(tablename) from pg_tables
      where schemaname = here.name and not (
        has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT') and
        has_table_privilege(format('%I.%I', schemaname, tablename), 'INSERT') and
        has_table_privilege(format('%I.%I', schemaname, tablename), 'UPDATE') and
        has_table_privilege(format('%I.%I', schemaname, tablename), 'DELETE'))
      order by 1)::text[] as closed
  from here`;

/**
 * The grants that the role of `url` lacks.
 * @param needs `serve`: reading and writing what is there; `migrate`: making tables as well
 * @returns GRANT statements, none when nothing is missing
 */
export async function missingGrants(url: string, needs: 'serve' | 'migrate'): Promise<string[]> {
  const rights = await withClient(url, async (client) => (await client.query<Rights>(RIGHTS)).rows[0]);
  if (rights === undefined) return [];
  const { role, database, schema } = rights;
  const migrates = needs === 'migrate';
  return [
    ...(migrates && !rights.may_create_in_database ? [`GRANT CREATE ON DATABASE ${database} TO ${role};`] : []),
    ...(migrates && !rights.may_create_in_schema
      ? [`GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role};`]
      : rights.may_use_schema
        ? []
        : [`GRANT USAGE ON SCHEMA ${schema} TO ${role};`]),
    ...(rights.closed.length === 0
      ? []
      : [`GRANT SELECT, INSERT, UPDATE, DELETE ON ${rights.closed.join(', ')} TO ${role};`]),
  ];
}
