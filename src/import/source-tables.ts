// What is read of the reference server's tables, by name; whatever a version of it lacks is read as null.

/** A column that may be encrypted there, and is encrypted with our key before it leaves this process. */
export interface SealedSource {
  readonly column: string;
  readonly keyIdColumn: string;
  /** Encrypted even when empty; without it an empty text stays as it is. */
  readonly always: boolean;
  /** What the encrypted text is tied to, from the row's id. */
  readonly isTied?: boolean;
  /** Gets the length of the text in bytes. */
  readonly bytesColumn?: string;
}

export interface SourceTable {
  /** Without these the table cannot be made sense of. */
  readonly required: readonly string[];
  readonly columns: readonly string[];
  readonly sealed?: readonly SealedSource[];
  /** A statement in place of the table. */
  readonly query?: SourceQuery;
}

/** Tables and the columns that are needed of them. */
export type Needs = Readonly<Record<string, readonly string[]>>;

export interface SourceQuery {
  readonly needs: Needs;
  readonly text: string;
  /** Of its rows, aliased `r`, those that stay behind, where these tables tell. */
  readonly except: { readonly needs: Needs; readonly condition: string };
}

/**
 * The newest value of each form field, by user and template; the last build of a workspace counts. A field that was for
 * one build only by then has none: such values may be secrets, and no form offers them again.
 */
const AUTOFILL: SourceQuery = {
  needs: {
    workspaces: ['id', 'owner_id', 'template_id'],
    workspace_builds: ['id', 'workspace_id', 'created_at'],
    workspace_build_parameters: ['workspace_build_id', 'name', 'value'],
  },
  text: `select distinct on (w.owner_id, w.template_id, p.name)
      w.owner_id as user_id, w.template_id, p.name, p.value, b.id as build_id
    from workspace_build_parameters p
    join workspace_builds b on b.id = p.workspace_build_id
    join workspaces w on w.id = b.workspace_id
    order by w.owner_id, w.template_id, p.name, b.created_at desc`,
  except: {
    needs: {
      workspace_builds: ['id', 'template_version_id'],
      template_version_parameters: ['template_version_id', 'name', 'ephemeral'],
    },
    condition: `exists (
      select from workspace_builds b join template_version_parameters p on p.template_version_id = b.template_version_id
      where b.id = r.build_id and p.name = r.name and p.ephemeral)`,
  },
};

export const SOURCE_TABLES: Readonly<Record<string, SourceTable>> = {
  organizations: {
    required: ['id', 'name'],
    columns: [
      ...['display_name', 'description', 'icon', 'is_default', 'deleted', 'default_org_member_roles'],
      ...['created_at', 'updated_at'],
    ],
  },
  users: {
    required: ['id', 'username', 'email', 'hashed_password', 'login_type'],
    columns: [
      ...['name', 'avatar_url', 'status', 'rbac_roles', 'created_at', 'updated_at', 'last_seen_at', 'deleted'],
      ...['is_system', 'is_service_account', 'github_com_user_id'],
    ],
  },
  ai_seat_state: { required: ['user_id'], columns: [] },
  user_status_changes: { required: ['user_id', 'new_status', 'changed_at'], columns: [] },
  user_deleted: { required: ['user_id', 'deleted_at'], columns: [] },
  organization_members: {
    required: ['user_id', 'organization_id', 'roles'],
    columns: ['created_at', 'updated_at'],
  },
  api_keys: {
    required: ['id', 'hashed_secret', 'user_id', 'expires_at', 'login_type'],
    columns: [
      ...['last_used', 'created_at', 'updated_at', 'lifetime_seconds', 'ip_address', 'token_name'],
      ...['scope', 'scopes', 'allow_list'],
    ],
  },
  user_links: {
    required: ['user_id', 'login_type', 'linked_id'],
    columns: [
      ...['oauth_access_token', 'oauth_access_token_key_id', 'oauth_refresh_token', 'oauth_refresh_token_key_id'],
      ...['oauth_expiry', 'claims'],
    ],
    sealed: [
      { column: 'oauth_access_token', keyIdColumn: 'oauth_access_token_key_id', always: false },
      { column: 'oauth_refresh_token', keyIdColumn: 'oauth_refresh_token_key_id', always: false },
    ],
  },
  gitsshkeys: {
    required: ['user_id', 'private_key', 'public_key'],
    columns: ['private_key_key_id', 'created_at', 'updated_at'],
    sealed: [{ column: 'private_key', keyIdColumn: 'private_key_key_id', always: true }],
  },
  user_configs: { required: ['user_id', 'key', 'value'], columns: [] },
  user_secrets: {
    required: ['id', 'user_id', 'name', 'value'],
    columns: ['value_key_id', 'description', 'env_name', 'file_path', 'created_at', 'updated_at'],
    sealed: [{ column: 'value', keyIdColumn: 'value_key_id', always: true, isTied: true, bytesColumn: 'value_bytes' }],
  },
  user_skills: {
    required: ['id', 'user_id', 'name', 'content'],
    columns: ['description', 'created_at', 'updated_at'],
  },
  notification_preferences: {
    required: ['user_id', 'notification_template_id', 'disabled'],
    columns: ['created_at', 'updated_at'],
  },
  autofill: { required: ['user_id', 'template_id', 'name', 'value'], columns: [], query: AUTOFILL },
  audit_logs: {
    required: ['id', 'time', 'resource_type', 'resource_id', 'action'],
    columns: [
      ...['user_id', 'organization_id', 'ip', 'user_agent', 'request_id', 'resource_target', 'diff', 'status_code'],
      'additional_fields',
    ],
  },
};

export interface LeftOut {
  readonly what: string;
  readonly needs: Needs;
  /** The rows, as what follows FROM. */
  readonly from: string;
  readonly why: string;
}

/** What is dropped with an account that was deleted there. */
const ofDeleted = (table: string, what: string): LeftOut => ({
  what: `${what} of deleted accounts`,
  needs: { users: ['id', 'deleted'], [table]: ['user_id'] },
  from: `${table} s join users u on u.id = s.user_id where u.deleted`,
  why: 'deletion takes them away; the account itself comes and is readable by id',
});

/** Rows that have no place here, and why; nothing that nobody made. */
export const LEFT_OUT: readonly LeftOut[] = [
  {
    what: 'groups',
    needs: { groups: ['id', 'organization_id'] },
    from: 'groups where id <> organization_id',
    why: 'groups come with a later version; --continue brings them then',
  },
  {
    what: 'memberships in groups',
    needs: { group_members: [] },
    from: 'group_members',
    why: 'groups come with a later version; --continue brings them then',
  },
  {
    what: 'custom roles',
    needs: { custom_roles: ['is_system'] },
    from: 'custom_roles where not is_system',
    why: 'custom roles come with a later version; who has one keeps its name, which allows nothing until then',
  },
  {
    what: 'deleted organizations',
    needs: { organizations: ['deleted'] },
    from: 'organizations where deleted',
    why: 'this server keeps no deleted organizations',
  },
  {
    what: 'signing keys of applications',
    needs: { crypto_keys: [] },
    from: 'crypto_keys',
    why: 'this server signs with keys of its own; what the old ones signed lives for minutes',
  },
  ofDeleted('api_keys', 'keys and tokens'),
  ofDeleted('user_links', 'links to identity providers'),
  ofDeleted('user_secrets', 'secrets'),
  ofDeleted('user_skills', 'skills'),
  ofDeleted('organization_members', 'memberships of organizations'),
  {
    what: 'form values of past builds',
    needs: { ...AUTOFILL.needs, ...AUTOFILL.except.needs },
    from: `(${AUTOFILL.text}) r where ${AUTOFILL.except.condition}`,
    why: 'they were for one build only',
  },
];

/** Tables that are read for other purposes, or hold what rows of others say as well. */
export const HELPING_TABLES: readonly string[] = [
  ...['dbcrypt_keys', 'schema_migrations', 'site_configs'],
  ...[AUTOFILL, AUTOFILL.except].flatMap(({ needs }) => Object.keys(needs)),
];
