// Named tokens by request: scopes, allow list and lifetime, checked in the order that clients know.
import type { CreateTokenRequest } from '../codersdk/keys.ts';
import { MAX_ALLOW_LIST } from '../codersdk/sizes.ts';
import type { Config } from '../config.ts';
import type { ActorCtx } from '../ctx.ts';
import { ApiError, badRequest } from '../errors.ts';
import { durationText } from '../golang/durations.ts';
import { quoted } from '../golang/quote.ts';
import { normaliseAllowList, parseAllowListEntry } from '../rbac/allow-lists.ts';
import { mayMakeKey } from '../rbac/limited-keys.ts';
import { newKeyObject } from '../rbac/objects.ts';
import { isOwner } from '../rbac/owners.ts';
import { canonicalScope, EXTERNAL_SCOPES, isRequestableScope, UNLIMITED } from '../rbac/scopes.ts';
import type { UserRow } from '../store/users.ts';
import { requirePermission } from './actors.ts';
import { issueByKey, refuseSystemUser } from './keys.ts';

const failed = (detail: string) => badRequest('Failed to create API key.', { detail });

/** The scopes that a token may be made with, sorted (GET /auth/scopes). */
export const externalScopes = (): readonly string[] => EXTERNAL_SCOPES;

/** The entries of an allow list, ready to be normalised. A bad one is a fault of the body, told before anything else. */
function readAllowList(entries: readonly string[]): string[] {
  return entries.map((text) => {
    const parsed = parseAllowListEntry(text);
    if (!parsed.ok) throw badRequest('Request body must be valid JSON.', { detail: parsed.detail });
    return parsed.entry;
  });
}

/** The scopes as stored, order and repetitions kept; a list makes the single one count for nothing. */
function readScopes({ scope, scopes }: CreateTokenRequest): readonly string[] {
  const wanted = scopes.length > 0 ? scopes : scope === '' ? UNLIMITED.scopes : [scope];
  const bad = wanted.find((name) => !isRequestableScope(name));
  if (bad !== undefined) throw failed(`invalid or unsupported API key scope: ${quoted(bad)}`);
  return wanted.map(canonicalScope);
}

/** The longest lifetime in nanoseconds that a token of this user may be requested with. */
export function maxTokenLifetimeNs(config: Config, owner: UserRow): bigint {
  return isOwner(owner) ? config.tokens.maxAdminLifetimeNs : config.tokens.maxLifetimeNs;
}

/** The default lifetime may exceed the maximum: it is the deployment's own choice (golden: keys-lifetime-limits). */
function readLifetime(config: Config, owner: UserRow, lifetimeNs: bigint): bigint {
  const problem = (detail: string) => badRequest('Failed to validate create API key request.', { detail });
  if (lifetimeNs === 0n) return config.tokens.defaultLifetimeNs;
  if (lifetimeNs < 0n) throw problem('lifetime must be positive number greater than 0');
  const max = maxTokenLifetimeNs(config, owner);
  if (lifetimeNs > max) throw problem(`lifetime must be less than ${durationText(max)}`);
  return lifetimeNs;
}

/**
 * Makes a token for the user in the path.
 * @returns its text, shown this once
 * @throws ApiError 400 for scopes, allow list or lifetime, 403 without the right or for a token that could do more than the
 * key in use, 409 for a taken name (golden: keys-create, keys-scope-input, keys-allow-list-input)
 */
export async function createToken(ctx: ActorCtx, target: UserRow, input: CreateTokenRequest): Promise<string> {
  const entries = readAllowList(input.allow_list);
  refuseSystemUser(target);
  const scopes = readScopes(input);
  if (entries.length > MAX_ALLOW_LIST) {
    throw failed(`allow_list has ${entries.length} entries; max allowed is ${MAX_ALLOW_LIST}`);
  }
  const allowList = normaliseAllowList(entries);
  const lifetimeNs = readLifetime(ctx.config, target, input.lifetime);
  const authorize = (ctx: ActorCtx, target: UserRow) => {
    requirePermission(ctx, 'create', newKeyObject(target));
    if (mayMakeKey(ctx.actor.subject, { scopes, allowList })) return;
    throw new ApiError(403, 'Failed to create API key.', {
      detail: 'a limited key cannot make a key that may do more than itself',
    });
  };
  return issueByKey(ctx, target, authorize, {
    kind: 'token',
    loginType: 'token',
    lifetimeNs,
    tokenName: input.token_name,
    scopes,
    allowList,
    event: { action: 'create' },
  });
}
