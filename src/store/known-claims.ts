// What providers have said of people at their last sign-in: the names of claims, and the values of one of them.
import { type SQL, sql } from 'drizzle-orm';
import type { Db } from './db.ts';

/** More than anybody picks from. */
const MOST = 10_000;

/** The claims of living people, of an organization's members alone if one is given. */
const claimsOf = (organizationId: string | undefined): SQL => sql`
  select l.claims -> 'merged_claims' as claims
  from user_links l join users u on u.id = l.user_id and u.deleted = false
  where l.login_type = 'oidc' and jsonb_typeof(l.claims -> 'merged_claims') = 'object'
  ${
    organizationId === undefined
      ? sql``
      : sql`and exists (select from organization_members m where m.user_id = u.id and m.organization_id = ${organizationId})`
  }`;

/** The names of all claims, sorted. */
export async function listClaimNames(db: Db, organizationId?: string): Promise<string[]> {
  const { rows } = await db.execute<{ name: string }>(sql`
    select distinct name collate "C" as name from (${claimsOf(organizationId)}) c, jsonb_object_keys(c.claims) name
    order by 1 limit ${MOST}`);
  return rows.map(({ name }) => name);
}

/** The texts that a claim is or lists, sorted. As recorded: nothing else of lists, no nested paths. */
export async function listClaimValues(db: Db, claim: string, organizationId?: string): Promise<string[]> {
  const { rows } = await db.execute<{ value: string }>(sql`
    select distinct (item #>> '{}') collate "C" as value
    from (${claimsOf(organizationId)}) c,
      jsonb_array_elements(case jsonb_typeof(c.claims -> ${claim}::text)
        when 'array' then c.claims -> ${claim}::text
        when 'string' then jsonb_build_array(c.claims -> ${claim}::text)
        else '[]' end) item
    where jsonb_typeof(item) = 'string'
    order by 1 limit ${MOST}`);
  return rows.map(({ value }) => value);
}
