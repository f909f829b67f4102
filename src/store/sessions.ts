// The session lookup: key, user, roles and memberships of all waiting requests in one prepared statement.
import type pg from 'pg';
import { batched } from '../in-flight.ts';
import { sessionBatch, sessionLookedUp } from '../watch/events.ts';
import { currentScope, outOfScope } from '../watch/scope.ts';
import { timestampText, utcText } from './columns.ts';
import { isUnavailable } from './errors.ts';
import type { Membership } from './organizations.ts';
import type { UserRow } from './users.ts';

/** A key with everything that a request by it needs to know. */
export interface SessionRow {
  keyId: string;
  hashedSecret: Buffer;
  lastUsed: string;
  expiresAt: string;
  keyLoginType: string;
  lifetimeSeconds: number;
  scopes: string[];
  allowList: string[];
  user: UserRow;
  memberships: Membership[];
  /** Only for sessions of an identity provider: when its token runs out; undefined when the link is gone. */
  link: { expiresAt: string; hasRefreshToken: boolean } | undefined;
}

const MAX_BATCH = 500;

const TEXT = `
select k.id, k.hashed_secret, ${utcText('k.last_used')}, ${utcText('k.expires_at')}, k.login_type, k.lifetime_seconds, k.scopes, k.allow_list,
  u.id, u.username, u.email, u.name, u.avatar_url, u.login_type, u.status, u.roles,
  ${utcText('u.created_at')}, ${utcText('u.updated_at')}, ${utcText('u.last_seen_at')}, u.is_system, u.is_service_account, u.has_ai_seat,
  coalesce((select json_agg(json_build_array(m.organization_id, m.roles, o.default_org_member_roles) order by m.created_at, m.organization_id)
    from organization_members m join organizations o on o.id = m.organization_id where m.user_id = u.id), '[]'::json),
  ${utcText('l.expires_at')}, l.refresh_token <> ''
from api_keys k
join users u on u.id = k.user_id and u.deleted = false
left join user_links l on l.user_id = u.id and l.login_type = k.login_type and k.login_type in ('oidc', 'github')
where k.id = any($1)`;

type Columns = [
  string,
  Buffer,
  string,
  string,
  string,
  string,
  string[],
  string[],
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string[],
  string,
  string,
  string,
  boolean,
  boolean,
  boolean,
  [string, string[], string[]][],
  string | null,
  boolean | null,
];

function toRow(c: Columns): SessionRow {
  const memberships = c[22].map(([organizationId, roles, defaultRoles]) => ({ organizationId, roles, defaultRoles }));
  return {
    keyId: c[0],
    hashedSecret: c[1],
    lastUsed: timestampText(c[2]),
    expiresAt: timestampText(c[3]),
    keyLoginType: c[4],
    lifetimeSeconds: Number(c[5]),
    scopes: c[6],
    allowList: c[7],
    user: {
      id: c[8],
      username: c[9],
      email: c[10],
      name: c[11],
      avatarUrl: c[12],
      loginType: c[13],
      status: c[14],
      roles: c[15],
      createdAt: timestampText(c[16]),
      updatedAt: timestampText(c[17]),
      lastSeenAt: timestampText(c[18]),
      deleted: false,
      isSystem: c[19],
      isServiceAccount: c[20],
      hasAiSeat: c[21],
      organizationIds: memberships.map((m) => m.organizationId),
    },
    memberships,
    link: c[23] === null ? undefined : { expiresAt: timestampText(c[23]), hasRefreshToken: c[24] === true },
  };
}

const distinct = (keyIds: readonly string[]) => [...new Set(keyIds)];

/**
 * Looks sessions up with at most one query in flight; whoever asks meanwhile shares the next one. Nothing is cached:
 * every lookup starts after its request arrived, so a revocation holds from the moment it is committed, on every replica.
 * Each caller reads its own row: bookkeeping may write into it, and one that cannot be read fails for nobody else.
 */
export function createSessionLookup(pool: pg.Pool): (keyId: string) => Promise<SessionRow | undefined> {
  const find = batched<string, Columns | undefined>(
    async (keyIds) => {
      if (sessionBatch.isHeard) sessionBatch.tell({ size: keyIds.length });
      const { rows } = await outOfScope(() =>
        pool.query<Columns, [string[]]>({
          name: 'session',
          text: TEXT,
          values: [distinct(keyIds)],
          rowMode: 'array',
        }),
      );
      const found = new Map(rows.map((columns) => [columns[0], columns]));
      return keyIds.map((keyId) => found.get(keyId));
    },
    MAX_BATCH,
    isUnavailable,
  );
  return async (keyId) => {
    const startedAt = performance.now();
    const columns = await find(keyId);
    if (sessionLookedUp.isHeard) sessionLookedUp.tell({ scope: currentScope(), startedAt, endedAt: performance.now() });
    return columns && toRow(columns);
  };
}
