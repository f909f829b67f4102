// Organizations, accounts, passwords and memberships that move in.
import { SYSTEM_USER_ID } from '../store/schema.ts';
import type { Kind } from './kind.ts';

const has = (row: string, columns: readonly string[]) => columns.map((column) => `${row}.${column}`);
export const watching =
  (...columns: string[]) =>
  (row: string): string[] =>
    has(row, columns);
const folded = (text: string) => `lower(${text} collate "C")`;
export const time = (column: string, otherwise = 'now()'): string => `coalesce(s.${column}::timestamptz, ${otherwise})`;
const flag = (column: string) => `coalesce(s.${column}::boolean, false)`;
const plain = (column: string) => `coalesce(s.${column}, '')`;
/** Three characters compose to ASCII ones: who has them in an address must not get somebody else's. */
const ADDRESS = `case when s.email ~ '[\\u037e\\u1fef\\u212a]' then s.email else normalize(s.email, NFC) end`;
const IS_SERVICE = flag('is_service_account');

export const ORGANIZATIONS: Kind = {
  name: 'organizations',
  title: 'organizations',
  table: 'organizations',
  needs: ['organizations'],
  key: ['id'],
  columns: {
    id: 's.id::uuid',
    name: 's.name',
    display_name: `normalize(coalesce(nullif(s.display_name, ''), s.name), NFC)`,
    description: plain('description'),
    icon: plain('icon'),
    is_default: flag('is_default'),
    default_org_member_roles: `coalesce(s.default_org_member_roles::text[], '{organization-workspace-access}')`,
    created_at: time('created_at'),
    updated_at: time('updated_at'),
  },
  from: `old_organizations s where not ${flag('deleted')}`,
  watched: watching('name', 'display_name', 'description', 'icon', 'is_default', 'default_org_member_roles'),
  label: (row) => `${row}.name || ' (' || ${row}.id || ')'`,
  uniques: [
    { what: 'name of an organization', values: (row) => [folded(`${row}.name`)] },
    { what: 'default organization', values: () => [`'default'`], where: (row) => `${row}.is_default` },
  ],
  otherwiseThere: 'conflict',
  gone: 'stays',
};

const label = (row: string) => `${row}.username || ' <' || ${row}.email || '> (' || ${row}.id || ')'`;

export const USERS: Kind = {
  name: 'users',
  title: 'users',
  table: 'users',
  needs: ['users'],
  key: ['id'],
  columns: {
    id: 's.id::uuid',
    username: 's.username',
    email: `case when ${IS_SERVICE} then '' when coalesce(s.email, '') = '' then s.id || '@no-address.invalid' else ${ADDRESS} end`,
    name: `normalize(${plain('name')}, NFC)`,
    avatar_url: plain('avatar_url'),
    hashed_password: `coalesce(encode(s.hashed_password::bytea, 'escape'), '')`,
    login_type: `case when ${IS_SERVICE} then 'none' when s.login_type in ('password', 'github', 'oidc', 'token', 'none', 'oauth2_provider_app') then s.login_type else 'none' end`,
    status: `coalesce(s.status, 'active')`,
    roles: `coalesce(s.rbac_roles::text[], '{}')`,
    created_at: time('created_at'),
    updated_at: time('updated_at'),
    last_seen_at: time('last_seen_at', `'0001-01-01 00:00:00+00'`),
    deleted: flag('deleted'),
    is_system: `coalesce(s.is_system::boolean, false)`,
    is_service_account: IS_SERVICE,
    github_com_user_id: 's.github_com_user_id::bigint',
    has_ai_seat: 'exists (select from old_ai_seat_state a where a.user_id = s.id)',
  },
  // The built-in account is here from the first start.
  from: `old_users s where s.id <> '${SYSTEM_USER_ID}'`,
  // Whether an account is dormant changes by itself.
  watched: (row) => [
    ...has(row, ['username', 'email', 'name', 'avatar_url', 'login_type', 'roles', 'deleted']),
    ...has(row, ['is_system', 'is_service_account', 'github_com_user_id', 'has_ai_seat']),
    `${row}.status = 'suspended'`,
  ],
  label,
  uniques: [
    { what: 'username', values: (row) => [folded(`${row}.username`)], where: (row) => `${row}.deleted = false` },
    {
      what: 'e-mail address',
      values: (row) => [folded(`${row}.email`)],
      where: (row) => `${row}.deleted = false and ${row}.email <> ''`,
    },
  ],
  otherwiseThere: 'conflict',
  gone: 'stays',
  onUpdate: {
    hashed_password: undefined,
    last_seen_at: undefined,
    status: `case when 'suspended' in (t.status, n.status) then n.status else t.status end`,
  },
  latest: ['last_seen_at'],
};

/** Apart from the rest of an account: a hash that a login here made anew must not keep other changes out. */
export const PASSWORDS: Kind = {
  name: 'passwords',
  title: 'passwords',
  table: 'users',
  needs: ['users'],
  key: ['id'],
  columns: { id: 'u.id', hashed_password: 'u.hashed_password' },
  from: `new_users u where u.hashed_password <> '' and not u.deleted`,
  watched: watching('hashed_password'),
  label: (row) => `${row}.id::text`,
  uniques: [],
  otherwiseThere: 'ours',
  gone: 'stays',
  isPartOfRow: true,
};

/** For the belongings of accounts: a deleted one has none. */
export const OF_LIVING = `join new_users u on u.id = s.user_id::uuid and not u.deleted`;

export const MEMBERS: Kind = {
  name: 'members',
  title: 'memberships of organizations',
  table: 'organization_members',
  needs: ['organization_members'],
  key: ['user_id', 'organization_id'],
  columns: {
    user_id: 's.user_id::uuid',
    organization_id: 's.organization_id::uuid',
    roles: `coalesce(s.roles::text[], '{}')`,
    created_at: time('created_at'),
    updated_at: time('updated_at'),
  },
  from: `old_organization_members s ${OF_LIVING} join new_organizations o on o.id = s.organization_id::uuid`,
  watched: watching('roles'),
  label: (row) => `${row}.user_id || ' in ' || ${row}.organization_id`,
  uniques: [],
  otherwiseThere: 'ours',
  gone: 'goes',
};
