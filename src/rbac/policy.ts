// What can be asked of the permission engine: the resources with their actions, and the objects that operations check.

/** Every resource and the actions that exist on it; also the types that an allow list may name. Source: POST /api/v2/authcheck. */
export const RESOURCES = {
  ai_gateway_key: ['create', 'delete', 'read'],
  ai_model_price: ['read', 'update'],
  ai_provider: ['create', 'delete', 'read', 'update'],
  ai_seat: ['create', 'read'],
  aibridge_interception: ['create', 'read', 'update'],
  api_key: ['create', 'delete', 'read', 'update'],
  assign_org_role: ['assign', 'create', 'delete', 'read', 'unassign', 'update'],
  assign_role: ['assign', 'read', 'unassign'],
  audit_log: ['create', 'read'],
  boundary_log: ['create', 'delete', 'read'],
  boundary_usage: ['delete', 'read', 'update'],
  chat: ['create', 'delete', 'read', 'share', 'update'],
  connection_log: ['read', 'update'],
  crypto_key: ['create', 'delete', 'read', 'update'],
  debug_info: ['read'],
  deployment_config: ['read', 'update'],
  deployment_stats: ['read'],
  file: ['create', 'read'],
  group: ['create', 'delete', 'read', 'update'],
  group_member: ['read'],
  idpsync_settings: ['read', 'update'],
  inbox_notification: ['create', 'read', 'update'],
  license: ['create', 'delete', 'read'],
  notification_message: ['create', 'delete', 'read', 'update'],
  notification_preference: ['read', 'update'],
  notification_template: ['read', 'update'],
  oauth2_app: ['create', 'delete', 'read', 'update'],
  oauth2_app_code_token: ['create', 'delete', 'read'],
  oauth2_app_secret: ['create', 'delete', 'read', 'update'],
  organization: ['create', 'delete', 'read', 'update'],
  organization_member: ['create', 'delete', 'read', 'update'],
  prebuilt_workspace: ['delete', 'update'],
  provisioner_daemon: ['create', 'delete', 'read', 'update'],
  provisioner_jobs: ['create', 'read', 'update'],
  replicas: ['read'],
  system: ['create', 'delete', 'read', 'update'],
  tailnet_coordinator: ['create', 'delete', 'read', 'update'],
  task: ['create', 'delete', 'read', 'update'],
  template: ['create', 'delete', 'read', 'update', 'use', 'view_insights'],
  usage_event: ['create', 'read', 'update'],
  user: ['create', 'delete', 'read', 'read_personal', 'update', 'update_personal'],
  user_secret: ['create', 'delete', 'read', 'update'],
  user_skill: ['create', 'delete', 'read', 'update'],
  webpush_subscription: ['create', 'delete', 'read'],
  workspace: [
    'application_connect',
    'create',
    'create_agent',
    'delete',
    'delete_agent',
    'read',
    'share',
    'ssh',
    'start',
    'stop',
    'update',
    'update_agent',
  ],
  workspace_agent_devcontainers: ['create'],
  workspace_agent_resource_monitor: ['create', 'read', 'update'],
  workspace_dormant: [
    'application_connect',
    'create',
    'create_agent',
    'delete',
    'delete_agent',
    'read',
    'share',
    'ssh',
    'start',
    'stop',
    'update',
    'update_agent',
  ],
  workspace_proxy: ['create', 'delete', 'read', 'update'],
} as const;

export type Resource = keyof typeof RESOURCES;

/** The actions of one resource. */
export type ActionOn<R extends Resource> = (typeof RESOURCES)[R][number];

/** Permissions of one level: resource -> actions, where '*' stands for every action, known or not. */
export type Grants = { readonly [R in Resource]?: readonly (ActionOn<R> | '*')[] };

/**
 * One built-in role. Levels: `site` on any object; `user` on own objects outside any organization; `org` on objects of
 * the role's organization; `member` on own objects of that organization.
 */
export interface RoleDefinition {
  /** Empty for the two roles that every membership implies. */
  readonly displayName: string;
  readonly site?: Grants;
  readonly user?: Grants;
  readonly org?: Grants;
  readonly member?: Grants;
  /** Negative permissions: one of them beats every grant of its level. */
  readonly deny?: { readonly site?: Grants; readonly org?: Grants; readonly member?: Grants };
}

/**
 * What is acted on. A missing field is "none of it": an object without an id stands for the resource as a whole, one
 * without an owner belongs to nobody, one without an organization to the site. The engine treats '' like missing.
 */
export interface RbacObject {
  readonly type: string;
  readonly id?: string;
  readonly owner?: string;
  readonly org?: string;
  /** Asks "in any of my organizations?"; together with an organization the answer is always no. */
  readonly anyOrg?: boolean;
  /** Group id -> actions that its members have in addition to what their roles say. */
  readonly groupAcl?: Readonly<Record<string, readonly string[]>>;
}

/** Whether a text is the exact name of a known resource. */
export function isResource(name: string): name is Resource {
  return Object.hasOwn(RESOURCES, name);
}

/** Whether a resource has an action of this name. */
export function isActionOf(resource: Resource, action: string): boolean {
  const actions: readonly string[] = RESOURCES[resource];
  return actions.includes(action);
}

/** Every action on several resources: `every('user', 'group')` is `{ user: ['*'], group: ['*'] }`. */
export function every(...resources: readonly Resource[]): Grants {
  return Object.fromEntries(resources.map((resource) => [resource, ['*']]));
}

/** A user, also the thing checked for its profile, settings and SSH key; a user owns itself. */
export function userObject(user: { readonly id: string }): RbacObject {
  return { type: 'user', id: user.id, owner: user.id };
}

/** A user about to be created, and "users in general". */
export function newUserObject(): RbacObject {
  return { type: 'user' };
}

/** An existing API key. Its id is no UUID, so only `api_key:*` in an allow list reaches it. */
export function keyObject(key: { readonly id: string; readonly userId: string }): RbacObject {
  return { type: 'api_key', id: key.id, owner: key.userId };
}

/** A key about to be created for a user, and "all keys of that user" when they are deleted together. */
export function newKeyObject(userId: string): RbacObject {
  return { type: 'api_key', owner: userId };
}

/** The kinds of things that are checked by their owner alone, without an id. */
export type UserOwnedResource =
  | 'user_secret'
  | 'user_skill'
  | 'notification_preference'
  | 'webpush_subscription'
  | 'notification_message';

/** Something of a user that has no id of its own for the engine. */
export function userOwned(type: UserOwnedResource, userId: string): RbacObject {
  return { type, owner: userId };
}

/** An organization; it belongs to itself. */
export function organizationObject(id: string): RbacObject {
  return { type: 'organization', id, org: id };
}

/** An organization about to be created. */
export function newOrganizationObject(): RbacObject {
  return { type: 'organization' };
}

/** One membership: the id is that of the user. */
export function memberObject(userId: string, organizationId: string): RbacObject {
  return { type: 'organization_member', id: userId, org: organizationId, owner: userId };
}

/** The members of an organization as a whole, as the paginated list needs it. */
export function membersObject(organizationId: string): RbacObject {
  return { type: 'organization_member', org: organizationId };
}

/** A membership about to be made. It has no owner: nobody may add themselves because the row would be theirs. */
export function newMemberObject(userId: string, organizationId: string): RbacObject {
  return { type: 'organization_member', id: userId, org: organizationId };
}

/** Handing out, taking away or listing site roles. */
export function assignRoleObject(): RbacObject {
  return { type: 'assign_role' };
}

/** Handing out, taking away or listing the roles of an organization. */
export function assignOrgRoleObject(organizationId: string): RbacObject {
  return { type: 'assign_org_role', org: organizationId };
}

/** The audit log of the deployment. */
export function auditObject(): RbacObject {
  return { type: 'audit_log' };
}

/** The settings of the deployment. */
export function deploymentConfigObject(): RbacObject {
  return { type: 'deployment_config' };
}

/** A group: its members may read it. The Everyone group of an organization has the organization's id. */
export function groupObject(group: { readonly id: string; readonly organizationId: string }): RbacObject {
  return { type: 'group', id: group.id, org: group.organizationId, groupAcl: { [group.id]: ['read'] } };
}
