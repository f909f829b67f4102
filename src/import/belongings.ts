// What accounts own, and what was written down about them, as it moves in.
import type { Kind } from './kind.ts';
import { OF_LIVING, time, watching } from './people.ts';

const CREATED = { created_at: time('created_at'), updated_at: time('updated_at') };
const ownerAndName = (row: string) => `${row}.user_id || ' ' || ${row}.name`;
const NIL = `'00000000-0000-0000-0000-000000000000'`;
const id = (column: string) => `nullif(s.${column}, ${NIL})::uuid`;

/** Older versions have one scope; the oldest have none, and there a key may do what its user may. */
const SCOPES = `case
  when s.scopes is not null then
    array_replace(array_replace(s.scopes::text[], 'all', 'coder:all'), 'application_connect', 'coder:application_connect')
  when s.scope = 'application_connect' then array['coder:application_connect']
  when s.scope is null or s.scope = 'all' then array['coder:all'] else array[s.scope] end`;

const KEYS: Kind = {
  name: 'keys',
  title: 'keys and tokens',
  table: 'api_keys',
  needs: ['api_keys'],
  key: ['id'],
  columns: {
    id: 's.id',
    hashed_secret: 's.hashed_secret::bytea',
    user_id: 's.user_id::uuid',
    last_used: time('last_used', `'1970-01-01 00:00:00+00'`),
    expires_at: 's.expires_at::timestamptz',
    ...CREATED,
    login_type: 's.login_type',
    kind: `case s.login_type when 'token' then 'token' else 'session' end`,
    lifetime_seconds: `coalesce(s.lifetime_seconds::bigint, greatest(1, extract(epoch from s.expires_at::timestamptz - coalesce(s.created_at::timestamptz, now()))::bigint))`,
    ip_address: `coalesce(host(s.ip_address::inet), '0.0.0.0')`,
    token_name: `coalesce(nullif(s.token_name, ''), case s.login_type when 'token' then s.id else '' end)`,
    scopes: SCOPES,
    allow_list: `coalesce(s.allow_list::text[], '{*:*}')`,
  },
  // One that lists nothing allows nothing.
  from: `old_api_keys s ${OF_LIVING} where coalesce(cardinality(s.allow_list::text[]), 1) > 0`,
  // The end of a session moves with its use.
  watched: (row) => [
    ...watching('hashed_secret', 'user_id', 'kind', 'token_name', 'scopes', 'allow_list')(row),
    `case ${row}.kind when 'token' then ${row}.expires_at end`,
  ],
  label: (row) => `${row}.id`,
  uniques: [
    {
      what: 'name of a token',
      values: (row) => [`${row}.user_id`, `${row}.token_name`],
      where: (row) => `${row}.login_type = 'token'`,
    },
  ],
  otherwiseThere: 'conflict',
  gone: 'goes anyway',
  onUpdate: { last_used: undefined },
  latest: ['last_used'],
};

const LINKS: Kind = {
  name: 'links',
  title: 'links to identity providers',
  table: 'user_links',
  needs: ['user_links'],
  key: ['user_id', 'login_type'],
  columns: {
    user_id: 's.user_id::uuid',
    login_type: 's.login_type',
    linked_id: 's.linked_id',
    access_token: `coalesce(s.oauth_access_token, '')`,
    refresh_token: `coalesce(s.oauth_refresh_token, '')`,
    expires_at: time('oauth_expiry', `'0001-01-01 00:00:00+00'`),
    claims: `coalesce(s.claims::jsonb, '{}')`,
  },
  from: `old_user_links s ${OF_LIVING} where s.login_type in ('oidc', 'github')`,
  watched: watching('linked_id', 'expires_at', 'claims'),
  label: (row) => `${row}.login_type || ' link of ' || ${row}.user_id`,
  uniques: [
    {
      what: 'account of an identity provider',
      values: (row) => [`${row}.login_type`, `${row}.linked_id`],
      where: (row) => `${row}.linked_id <> ''`,
    },
  ],
  otherwiseThere: 'ours',
  gone: 'goes',
};

const SSH_KEYS: Kind = {
  name: 'ssh_keys',
  title: 'SSH keys',
  table: 'git_ssh_keys',
  needs: ['gitsshkeys'],
  key: ['user_id'],
  columns: { user_id: 's.user_id::uuid', private_key: 's.private_key', public_key: 's.public_key', ...CREATED },
  from: 'old_gitsshkeys s join new_users u on u.id = s.user_id::uuid',
  watched: watching('public_key'),
  label: (row) => `${row}.user_id::text`,
  uniques: [],
  otherwiseThere: 'ours',
  gone: 'stays',
};

const SETTINGS: Kind = {
  name: 'settings',
  title: 'settings of users',
  table: 'user_configs',
  needs: ['user_configs'],
  key: ['user_id', 'key'],
  columns: { user_id: 's.user_id::uuid', key: 's.key', value: 's.value' },
  from: 'old_user_configs s join new_users u on u.id = s.user_id::uuid',
  watched: watching('value'),
  label: (row) => `${row}.key || ' of ' || ${row}.user_id`,
  uniques: [],
  otherwiseThere: 'ours',
  gone: 'goes',
};

const SECRETS: Kind = {
  name: 'secrets',
  title: 'secrets',
  table: 'user_secrets',
  needs: ['user_secrets'],
  key: ['id'],
  columns: {
    id: 's.id::uuid',
    user_id: 's.user_id::uuid',
    name: 's.name collate "C"',
    description: `coalesce(s.description, '')`,
    value: 's.value',
    value_bytes: 's.value_bytes::integer',
    env_name: `coalesce(s.env_name, '')`,
    file_path: `coalesce(s.file_path, '')`,
    ...CREATED,
  },
  from: `old_user_secrets s ${OF_LIVING}`,
  watched: watching('name', 'description', 'env_name', 'file_path', 'updated_at'),
  label: ownerAndName,
  uniques: [
    { what: 'name of a secret', values: watching('user_id', 'name') },
    { what: 'variable of a secret', values: watching('user_id', 'env_name'), where: (row) => `${row}.env_name <> ''` },
    { what: 'path of a secret', values: watching('user_id', 'file_path'), where: (row) => `${row}.file_path <> ''` },
  ],
  otherwiseThere: 'conflict',
  gone: 'goes',
};

const SKILLS: Kind = {
  name: 'skills',
  title: 'skills',
  table: 'user_skills',
  needs: ['user_skills'],
  key: ['id'],
  columns: {
    id: 's.id::uuid',
    user_id: 's.user_id::uuid',
    name: 's.name collate "C"',
    description: `coalesce(s.description, '')`,
    content: 's.content',
    ...CREATED,
  },
  from: `old_user_skills s ${OF_LIVING}`,
  watched: watching('name', 'description', 'content'),
  label: ownerAndName,
  uniques: [{ what: 'name of a skill', values: watching('user_id', 'name') }],
  otherwiseThere: 'conflict',
  gone: 'goes',
};

const NOTIFICATIONS: Kind = {
  name: 'notifications',
  title: 'notification preferences',
  table: 'notification_preferences',
  needs: ['notification_preferences'],
  key: ['user_id', 'template_id'],
  columns: {
    user_id: 's.user_id::uuid',
    template_id: 's.notification_template_id::uuid',
    disabled: 's.disabled::boolean',
    ...CREATED,
  },
  from: 'old_notification_preferences s join new_users u on u.id = s.user_id::uuid',
  watched: watching('disabled'),
  label: (row) => `${row}.template_id || ' of ' || ${row}.user_id`,
  uniques: [],
  otherwiseThere: 'ours',
  gone: 'goes',
};

const AUTOFILL: Kind = {
  name: 'autofill',
  title: 'form values of past builds',
  table: 'autofill_parameters',
  needs: ['autofill'],
  key: ['user_id', 'template_id', 'name'],
  columns: {
    user_id: 's.user_id::uuid',
    template_id: 's.template_id::uuid',
    name: 's.name collate "C"',
    value: 's.value',
  },
  from: 'old_autofill s join new_users u on u.id = s.user_id::uuid',
  watched: watching('value'),
  label: ownerAndName,
  uniques: [],
  otherwiseThere: 'ours',
  gone: 'goes',
};

const AUDIT: Kind = {
  name: 'audit',
  title: 'audit log entries',
  table: 'audit_logs',
  needs: ['audit_logs'],
  key: ['id'],
  columns: {
    id: 's.id::uuid',
    time: 's.time::timestamptz',
    user_id: id('user_id'),
    organization_id: id('organization_id'),
    ip: `coalesce(host(s.ip::inet), '')`,
    user_agent: `coalesce(s.user_agent, '')`,
    request_id: id('request_id'),
    resource_type: 's.resource_type',
    resource_id: 's.resource_id',
    resource_target: `coalesce(s.resource_target, '')`,
    action: 's.action',
    diff: `coalesce(s.diff::jsonb, '{}')`,
    status_code: 'coalesce(s.status_code::integer, 0)',
    additional_fields: `coalesce(s.additional_fields::jsonb, '{}')`,
  },
  from: 'old_audit_logs s',
  watched: watching('id'),
  label: (row) => `${row}.id::text`,
  uniques: [],
  otherwiseThere: 'ours',
  gone: 'stays',
  isLog: true,
};

/** In an order in which each finds what it refers to. */
export const BELONGINGS: readonly Kind[] = [
  KEYS,
  LINKS,
  SSH_KEYS,
  SETTINGS,
  SECRETS,
  SKILLS,
  NOTIFICATIONS,
  AUTOFILL,
  AUDIT,
];
