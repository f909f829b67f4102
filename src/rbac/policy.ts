// What can be asked of the permission engine: the resources with their actions, and what roles grant of them.

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
