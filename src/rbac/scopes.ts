// Scopes of API keys: the names that can be requested or stored, what each permits, and which key is narrower than which.

import { AllowList } from './allow-lists.ts';
import { BoundedMap } from './bounded-map.ts';
import { every, type Grants, isResource, RESOURCES, type Resource } from './policy.ts';

/** Every scope that a token may be made with, sorted (GET /auth/scopes). Golden: keys-scope-input/catalogue-anonymous */
export const EXTERNAL_SCOPES = [
  'api_key:*',
  'api_key:create',
  'api_key:delete',
  'api_key:read',
  'api_key:update',
  'coder:all',
  'coder:apikeys.manage_self',
  'coder:application_connect',
  'coder:templates.author',
  'coder:templates.build',
  'coder:workspaces.access',
  'coder:workspaces.create',
  'coder:workspaces.delete',
  'coder:workspaces.operate',
  'file:*',
  'file:create',
  'file:read',
  'organization:*',
  'organization:delete',
  'organization:read',
  'organization:update',
  'task:*',
  'task:create',
  'task:delete',
  'task:read',
  'task:update',
  'template:*',
  'template:create',
  'template:delete',
  'template:read',
  'template:update',
  'template:use',
  'user:*',
  'user:read',
  'user:read_personal',
  'user:update_personal',
  'user_secret:*',
  'user_secret:create',
  'user_secret:delete',
  'user_secret:read',
  'user_secret:update',
  'user_skill:*',
  'user_skill:create',
  'user_skill:delete',
  'user_skill:read',
  'user_skill:update',
  'workspace:*',
  'workspace:application_connect',
  'workspace:create',
  'workspace:delete',
  'workspace:read',
  'workspace:ssh',
  'workspace:start',
  'workspace:stop',
  'workspace:update',
] as const;

const EXTERNAL: ReadonlySet<string> = new Set(EXTERNAL_SCOPES);

const LEGACY: { readonly [name: string]: string } = {
  all: 'coder:all',
  application_connect: 'coder:application_connect',
};

const COMPOSITES: { readonly [name: string]: Grants } = {
  'coder:apikeys.manage_self': { api_key: ['create', 'read', 'update', 'delete'] },
  'coder:application_connect': { workspace: ['application_connect'] },
  'coder:templates.author': {
    template: ['read', 'create', 'update', 'delete', 'view_insights'],
    file: ['create', 'read'],
  },
  'coder:templates.build': { template: ['read'], file: ['create', 'read'], provisioner_jobs: ['read'] },
  'coder:workspaces.access': {
    template: ['read'],
    workspace: ['read', 'ssh', 'application_connect'],
    organization_member: ['read'],
  },
  'coder:workspaces.create': {
    template: ['read', 'use'],
    workspace: ['create', 'read', 'update', 'start', 'stop'],
    organization_member: ['read'],
  },
  'coder:workspaces.delete': {
    template: ['read', 'use'],
    workspace: ['read', 'delete'],
    organization_member: ['read'],
  },
  'coder:workspaces.operate': {
    template: ['read'],
    workspace: ['read', 'update', 'start', 'stop'],
    organization_member: ['read'],
  },
};

// Held by workspace agents only: it can neither be requested nor stored with a key.
const NO_USER_DATA = every(...(Object.keys(RESOURCES) as Resource[]).filter((resource) => resource !== 'user'));

/** What a scope permits: resource type, or '*' for every type, -> actions, where '*' is every action. */
export type ScopePermissions = Readonly<Record<string, readonly string[]>>;

/** The part of a key that says how far it reaches: its stored scope names and allow list. */
export interface KeyReach {
  readonly scopes: readonly string[];
  readonly allowList: readonly string[];
}

/** The name under which a scope is stored: the two old names become the new ones, others stay. */
export function canonicalScope(name: string): string {
  return Object.hasOwn(LEGACY, name) ? (LEGACY[name] ?? name) : name;
}

/** Whether a token may be requested with this scope; the two old names may too. */
export function isRequestableScope(name: string): boolean {
  return EXTERNAL.has(canonicalScope(name));
}

/** What a scope permits, or undefined if there is no such scope. Takes old names, stored names and `no_user_data`. */
export function expandScope(name: string): ScopePermissions | undefined {
  const canonical = canonicalScope(name);
  if (canonical === 'coder:all') return { '*': ['*'] };
  if (canonical === 'no_user_data') return NO_USER_DATA;
  if (Object.hasOwn(COMPOSITES, canonical)) return COMPOSITES[canonical];
  const colon = canonical.indexOf(':');
  const resource = canonical.slice(0, Math.max(colon, 0));
  const action = canonical.slice(colon + 1);
  if (!isResource(resource)) return undefined;
  const actions: readonly string[] = RESOURCES[resource];
  return action === '*' || actions.includes(action) ? { [resource]: [action] } : undefined;
}

/** Whether a key can be stored with this name: every scope except the old names and `no_user_data`. */
export function isStoredScope(name: string): boolean {
  return name !== 'no_user_data' && canonicalScope(name) === name && expandScope(name) !== undefined;
}

/** Scopes and allow list of a key, prepared for decisions. Unknown scope names permit nothing. */
export class CompiledReach {
  readonly allowList: AllowList;
  readonly #actions = new Map<string, Set<string>>();

  constructor(reach: KeyReach) {
    this.allowList = new AllowList(reach.allowList);
    for (const name of reach.scopes) {
      for (const [type, actions] of Object.entries(expandScope(name) ?? {})) {
        const known = this.#actions.get(type) ?? new Set();
        for (const action of actions) known.add(action);
        this.#actions.set(type, known);
      }
    }
  }

  /** Whether the scopes alone permit an action on a type. */
  permits(type: string, action: string): boolean {
    const onType = this.#actions.get(type);
    if (onType !== undefined && (onType.has(action) || onType.has('*'))) return true;
    const onAll = this.#actions.get('*');
    return onAll !== undefined && (onAll.has(action) || onAll.has('*'));
  }

  /** The actions permitted on a type, '*' standing for all of them. */
  actionsOn(type: string): ReadonlySet<string> {
    return new Set([...(this.#actions.get(type) ?? []), ...(this.#actions.get('*') ?? [])]);
  }
}

const compiled = new BoundedMap<string, CompiledReach>(500);

/** The prepared form of a key's reach; equal reaches share one. */
export function compileReach(reach: KeyReach): CompiledReach {
  return compiled.getOrMake(JSON.stringify([reach.scopes, reach.allowList]), () => new CompiledReach(reach));
}

// A type that is in no table stands for all types that may come later: only '*' permissions cover it.
const TYPES: readonly string[] = [...Object.keys(RESOURCES), '*'];

/**
 * Whether a key with the reach `child` can do nothing that one with the reach `parent` cannot: every (type, action, id)
 * that the child allows is allowed by the parent. `resource:*` covers actions to come, so it is more than all actions of
 * today. Rule: a key never makes a key that may do more than itself.
 */
export function scopesWithin(child: KeyReach, parent: KeyReach): boolean {
  const inner = compileReach(child);
  const outer = compileReach(parent);
  return TYPES.every((type) => {
    const actions = inner.actionsOn(type);
    const ids = inner.allowList.idsOf(type);
    if (actions.size === 0 || (ids !== 'all' && ids.size === 0)) return true;
    for (const action of actions) {
      if (!outer.permits(type, action)) return false;
    }
    const outerIds = outer.allowList.idsOf(type);
    if (outerIds === 'all') return true;
    return ids !== 'all' && [...ids].every((id) => outerIds.has(id));
  });
}

/** The reach of a session: everything that the user's roles allow. */
export const UNLIMITED: KeyReach = { scopes: ['coder:all'], allowList: ['*:*'] };

const unlimited = new WeakMap<CompiledReach, boolean>();

/** Whether a key may do everything that its user may. */
export function isUnlimited(reach: KeyReach): boolean {
  const compiledReach = compileReach(reach);
  const known = unlimited.get(compiledReach) ?? scopesWithin(UNLIMITED, reach);
  unlimited.set(compiledReach, known);
  return known;
}
