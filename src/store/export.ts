// Users, memberships, roles and audit entries as they leave with an export, under the names that the API has for them.
import type pg from 'pg';
import { BEGIN_SNAPSHOT } from '../postgres/client.ts';
import { timestampText, utcText } from './columns.ts';

type Value = string | number | boolean | null | string[] | object;
export type ExportRow = Record<string, Value>;

interface Source {
  /** Name to SQL; a time is written by `time`. What is not named here does not leave: no hash, no secret, no token. */
  readonly columns: Readonly<Record<string, string>>;
  readonly from: string;
}

const time = utcText;
const organization = { organization_id: 'o.id', organization_name: 'o.name' };
const member = { user_id: 'u.id', username: 'u.username' };

export const EXPORTS = {
  users: {
    columns: {
      id: 'u.id',
      username: 'u.username',
      email: 'u.email',
      name: 'u.name',
      avatar_url: 'u.avatar_url',
      status: 'u.status',
      login_type: 'u.login_type',
      roles: 'u.roles',
      is_service_account: 'u.is_service_account',
      is_system: 'u.is_system',
      has_ai_seat: 'u.has_ai_seat',
      deleted: 'u.deleted',
      created_at: time('u.created_at'),
      updated_at: time('u.updated_at'),
      last_seen_at: time('u.last_seen_at'),
    },
    from: 'users u order by u.username_lower, u.id',
  },
  memberships: {
    columns: {
      ...organization,
      ...member,
      roles: 'm.roles',
      created_at: time('m.created_at'),
      updated_at: time('m.updated_at'),
    },
    from: `organization_members m join users u on u.id = m.user_id join organizations o on o.id = m.organization_id
      order by o.id, u.username_lower, u.id`,
  },
  roles: {
    columns: {
      ...member,
      organization_id: 'r.organization_id',
      organization_name: 'r.organization_name',
      role: 'r.role',
    },
    from: `users u join (
        select id as user_id, null::uuid as organization_id, null as organization_name, unnest(roles) as role from users
        union all
        select m.user_id, o.id, o.name, unnest(m.roles) from organization_members m join organizations o on o.id = m.organization_id
      ) r on r.user_id = u.id order by u.username_lower, u.id, r.organization_id nulls first, r.role`,
  },
  audit_logs: {
    columns: {
      id: 'a.id',
      time: time('a.time'),
      request_id: 'a.request_id',
      ip: 'a.ip',
      user_agent: 'a.user_agent',
      user_id: 'a.user_id',
      username: 'u.username',
      organization_id: 'a.organization_id',
      resource_type: 'a.resource_type',
      resource_id: 'a.resource_id',
      key_id: 'a.key_id',
      resource_target: 'a.resource_target',
      action: 'a.action',
      status_code: 'a.status_code',
      diff: 'a.diff',
      additional_fields: 'a.additional_fields',
    },
    from: 'audit_logs a left join users u on u.id = a.user_id order by a.time, a.id',
  },
} as const satisfies Record<string, Source>;

export type ExportKind = keyof typeof EXPORTS;
export const EXPORT_KINDS = Object.keys(EXPORTS) as ExportKind[];
export const columnsOf = (kind: ExportKind): string[] => Object.keys(EXPORTS[kind].columns);

const PAGE = 1000;

/** Begins a transaction that sees one instant, for `exportPages`. */
export async function beginExport(client: pg.ClientBase): Promise<void> {
  await client.query(BEGIN_SNAPSHOT);
}

/** All rows of a kind, page by page, from a cursor: however many there are, one page is in memory. */
export async function* exportPages(client: pg.ClientBase, kind: ExportKind): AsyncGenerator<ExportRow[]> {
  const { columns, from }: Source = EXPORTS[kind];
  const list = Object.entries(columns).map(([name, expression]) => `${expression} as "${name}"`);
  const times = Object.keys(columns).filter((name) => columns[name]?.startsWith('to_char('));
  await client.query(`declare leaving no scroll cursor for select ${list.join(', ')} from ${from}`);
  for (;;) {
    const { rows } = await client.query<ExportRow>(`fetch ${PAGE} from leaving`);
    for (const row of rows) for (const name of times) row[name] = timestampText(String(row[name]));
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) break;
  }
  await client.query('close leaving');
}
