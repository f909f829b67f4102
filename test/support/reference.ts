// A database as the reference server leaves it: tables by test/import/columns.json, rows by the CSV files beside it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { packageRoot } from '../../src/package-root.ts';
import { withClient } from '../../src/postgres/client.ts';
import { emptyDatabase } from './postgres.ts';

const folder = join(packageRoot, 'test', 'import');
const text = (file: string) => readFileSync(join(folder, file), 'utf8');

interface Column {
  name: string;
  type: string;
  nullable: boolean;
}

interface Described {
  tables: Record<string, Column[]>;
  enums: Record<string, string[]>;
}

interface Credentials {
  password: string;
  organization: string;
  users: Record<string, string>;
  sessions: Record<'root' | 'ann' | 'bob', string>;
  tokens: Record<'ann_ci' | 'bob_read' | 'bob_allow', string>;
}

export const credentials: Credentials = JSON.parse(text('credentials.json'));

/** `_text` is how Postgres calls a list of texts. */
function typeOf(type: string, enums: ReadonlySet<string>): string {
  const name = type.replace(/^_/, '');
  const isKnown =
    enums.has(name) || !/^(api_key_scope|group_source|ai_seat_usage_reason|shareable_workspace_owners)$/.test(name);
  return `${isKnown ? name : 'text'}${type.startsWith('_') ? '[]' : ''}`;
}

async function makeTables(client: pg.Client): Promise<void> {
  const { tables, enums } = JSON.parse(text('columns.json')) as Described;
  const names = new Set(Object.keys(enums));
  for (const [name, words] of Object.entries(enums))
    await client.query(`create type ${name} as enum (${words.map((word) => `'${word}'`).join(', ')})`);
  for (const [name, columns] of Object.entries(tables)) {
    const list = columns.map((c) => `"${c.name}" ${typeOf(c.type, names)} ${c.nullable ? '' : 'not null'}`);
    await client.query(`create table ${name} (${list.join(', ')})`);
  }
}

/** The tables that the recorded deployment did not have among its rows: form values of builds, audit log, and its own name. */
const MORE = `
  create table schema_migrations (version bigint, dirty boolean);
  insert into schema_migrations values (525, false);
  create table site_configs (key varchar, value text);
  insert into site_configs values ('deployment_id', '0b0b2ad3-3a3d-4f5c-9d27-1f0d5a4c7e11');
  create table workspaces (id uuid, owner_id uuid, template_id uuid, name text);
  create table workspace_builds (id uuid, workspace_id uuid, build_number int, created_at timestamptz, template_version_id uuid);
  create table template_version_parameters (template_version_id uuid, name text, ephemeral boolean);
  create table crypto_keys (feature text, sequence int, secret text);
  create table workspace_build_parameters (workspace_build_id uuid, name text, value text);
  create table audit_logs (id uuid, time timestamptz, user_id uuid, organization_id uuid, ip inet, user_agent varchar,
    resource_type text, resource_id uuid, resource_target text, action text, diff jsonb, status_code int,
    additional_fields jsonb, request_id uuid, resource_icon text);
  create table templates (id uuid, name text);`;

/** Form values: of two builds of ann the newer one counts, and one field was for one build only. */
export const TEMPLATE = '7a3c1f0e-55ce-4f0e-8d1a-2f6f6b1f9a01';
const VERSION = '50000000-0000-4000-8000-000000000001';
const ROWS = `
  insert into workspaces select '10000000-0000-4000-8000-000000000001', id, '${TEMPLATE}', 'dev' from users where username = 'ann';
  insert into workspace_builds values
    ('20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 1, '2026-11-20', '${VERSION}'),
    ('20000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000001', 2, '2026-11-21', '${VERSION}');
  insert into template_version_parameters values ('${VERSION}', 'region', false), ('${VERSION}', 'unlock', true);
  insert into workspace_build_parameters values
    ('20000000-0000-4000-8000-000000000001', 'region', 'us'), ('20000000-0000-4000-8000-000000000001', 'size', E'a\\tb\\\\n'),
    ('20000000-0000-4000-8000-000000000002', 'region', 'eu'), ('20000000-0000-4000-8000-000000000002', 'unlock', 'only this once');
  insert into crypto_keys values ('workspace_apps_token', 1, 'a signing key');
  insert into audit_logs
    select '30000000-0000-4000-8000-000000000001', '2026-11-24 23:56:25', id, '00000000-0000-0000-0000-000000000000', '10.1.2.3', 'cli',
      'user', id, 'ann', 'write', '{"name": {"old": "", "new": "Ann", "secret": false}}', 200, '{}',
      '40000000-0000-4000-8000-000000000001', '' from users where username = 'ann';`;

/** Makes such a database. */
export async function referenceDatabase(): Promise<{ url: string }> {
  const database = await emptyDatabase();
  await withClient(database.url, async (client) => {
    await makeTables(client);
    const { tables } = JSON.parse(text('columns.json')) as Described;
    for (const name of Object.keys(tables)) {
      const csv = text(`${name}.csv`);
      const columns = csv.slice(0, csv.indexOf('\n'));
      await pipeline([csv], client.query(copyFrom(`copy ${name} (${columns}) from stdin (format csv, header)`)));
    }
    await client.query(MORE);
    await client.query(ROWS);
  });
  return database;
}

/** Everything in a database, table by table, apart from what any command writes by itself. */
export function dump(url: string): Promise<Record<string, string[]>> {
  return withClient(url, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
    );
    const all: Record<string, string[]> = {};
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t order by 1`);
      all[name] = rows.map(({ row }) => row);
    }
    return all;
  });
}

/** Adds users with five keys, an SSH key and a membership each. */
export function addPeople(url: string, count: number): Promise<void> {
  const each = `from generate_series(1, ${count}) n`;
  const id = `md5('user' || n)::uuid`;
  return withClient(url, async (client) => {
    await client.query('set statement_timeout = 0');
    await client.query(`
      insert into users (id, email, username, hashed_password, created_at, updated_at, status, rbac_roles, login_type, avatar_url,
        deleted, last_seen_at, quiet_hours_schedule, name, is_system, is_service_account)
      select ${id}, 'person' || n || '@example.com', 'person' || n, (select hashed_password from users where username = 'fred'),
        now(), now(), 'active', '{}', 'password', '', false, '2026-11-01', '', 'Person ' || n, false, false ${each}`);
    await client.query(
      `insert into organization_members select ${id}, '${credentials.organization}', now(), now(), '{}' ${each}`,
    );
    await client.query(
      `insert into gitsshkeys select ${id}, now(), now(), private_key, public_key, null
       from generate_series(1, ${count}) n, (select * from gitsshkeys limit 1) one`,
    );
    await client.query(`
      insert into api_keys select lpad(to_hex(n * 8 + k), 10, '0'), sha256((n || 'secret' || k)::bytea), ${id}, '1970-01-01', '2036-01-01',
        now(), now(), 'token', 300000000, '0.0.0.0', 'token' || k, '{coder:all}', '{*:*}'
      from generate_series(1, ${count}) n, generate_series(1, 5) k`);
  });
}
