// What an import sees to beyond single rows: the default organization, owners, and what changes of an account end.
import type pg from 'pg';
import { StartError } from '../start-error.ts';
import { markOf } from './kind.ts';
import { ORGANIZATIONS } from './people.ts';

/**
 * Gives our default organization the id of theirs, before anything else moved in: the one of a new server goes, with its
 * members in the other. Its name and the rest then come like a change made there.
 */
export async function adoptDefaultOrganization(target: pg.Client): Promise<void> {
  const { rows } = await target.query<{ ours: string; theirs: string }>(`
    select o.id as ours, n.id as theirs from organizations o, new_organizations n
    where o.is_default and n.is_default
      and not exists (select from imported_rows) and not exists (select from organizations where id = n.id)`);
  const [found] = rows;
  if (found === undefined) return;
  const { ours, theirs } = found;
  await target.query(
    `insert into organizations (id, name, display_name, description, icon, default_org_member_roles, created_at, updated_at)
     select $2::uuid, $2::text, display_name, description, icon, default_org_member_roles, created_at, updated_at
     from organizations where id = $1`,
    [ours, theirs],
  );
  for (const table of ['organization_members', 'audit_logs'])
    await target.query(`update ${table} set organization_id = $2 where organization_id = $1`, [ours, theirs]);
  await target.query('delete from organizations where id = $1', [ours]);
  await target.query(
    `insert into imported_rows (kind, key, fingerprint) select $2, t.id::text, ${markOf(ORGANIZATIONS, 't')} from organizations t where id = $1`,
    [theirs, ORGANIZATIONS.name],
  );
}

/** Of accounts that changed on both sides ours stays, but whoever was suspended or deleted there is so here. */
export async function endWhoWasEnded(target: pg.Client): Promise<void> {
  await target.query(`
    update users t set deleted = t.deleted or n.deleted, status = case n.status when 'suspended' then n.status else t.status end
    from new_users n join plan_users p using (row_key) where p.act = 'both' and t.id = n.id
      and (n.deleted and not t.deleted or n.status = 'suspended' and t.status <> 'suspended')`);
}

/** Takes away what deletion takes away, and the sessions that were made here with a password that was changed there. */
export async function endWhatChangesEnd(target: pg.Client): Promise<void> {
  const deleted = `(select t.id from users t join new_users n on n.id = t.id where t.deleted)`;
  for (const table of ['api_keys', 'user_links', 'user_secrets', 'user_skills', 'organization_members'])
    await target.query(`delete from ${table} where user_id in ${deleted}`);
  await target.query(`
    insert into user_status_changes (user_id, new_status, changed_at)
    select t.id, 'deleted', coalesce(d.deleted_at::timestamptz, now())
    from users t join new_users n on n.id = t.id left join old_user_deleted d on d.user_id = t.id::text
    where t.deleted and not exists (select from user_status_changes c where c.user_id = t.id and c.new_status = 'deleted')`);
  await target.query(`
    delete from api_keys k using plan_passwords p
    where k.user_id::text = p.row_key and p.act = 'update' and k.kind <> 'token'
      and not exists (select from new_keys n where n.id = k.id)`);
}

/** Gives accounts that came just now the history that they had there, in place of the one that their coming made. */
export async function bringHistory(target: pg.Client): Promise<void> {
  const newcomers = `select n.id from new_users n join plan_users p using (row_key) where p.act = 'insert'`;
  await target.query(`
    delete from user_status_changes where user_id in (${newcomers})
      and user_id in (select user_id::uuid from old_user_status_changes)`);
  await target.query(`
    insert into user_status_changes (user_id, new_status, changed_at)
    select user_id::uuid, new_status, changed_at::timestamptz from (
      select user_id, new_status, changed_at from old_user_status_changes where new_status in ('active', 'dormant', 'suspended')
      union all select user_id, 'deleted', deleted_at from old_user_deleted
        where user_id in (select user_id from old_user_status_changes)) h
    where user_id::uuid in (${newcomers}) order by changed_at::timestamptz`);
}

/** How many people can sign in as owner (docs/differences.md 36). */
export async function countOwners(target: pg.Client): Promise<number> {
  const { rows } = await target.query<{ count: string }>(`
    select count(*) as count from users where deleted = false and roles @> array['owner'] and status = 'active'
      and not is_service_account and login_type in ('password', 'github', 'oidc')`);
  return Number(rows[0]?.count);
}

/** @throws StartError when an import would take away the last owner who can sign in */
export function requireOwner(before: number, after: number): void {
  if (before > 0 && after === 0)
    throw new StartError('Nothing was written: the import would leave no owner who can sign in.');
}
