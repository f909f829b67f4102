// Organizations and memberships as rows.
import { and, desc, eq, getTableColumns, inArray, ne, sql } from 'drizzle-orm';
import type { OrganizationRows } from '../rbac/visible.ts';
import { folded, readable } from './columns.ts';
import type { Db } from './db.ts';
import { prepared } from './prepared.ts';
import { organizationMembers, organizations } from './schema.ts';

export type OrganizationRow = typeof organizations.$inferSelect;

const columns = readable(getTableColumns(organizations));

/** As in the unique index. */
const foldedName = sql`lower(${organizations.name} collate "C")`;

const byId = prepared((db) =>
  db
    .select(columns)
    .from(organizations)
    .where(eq(organizations.id, sql.placeholder('id')))
    .prepare('organization_by_id'),
);

/** The organization with this id. */
export async function findOrganizationById(db: Db, id: string): Promise<OrganizationRow | undefined> {
  return (await byId(db).execute({ id }))[0];
}

/** The organization of this name, compared without case. */
export async function findOrganizationByName(db: Db, name: string): Promise<OrganizationRow | undefined> {
  const rows = await db
    .select(columns)
    .from(organizations)
    .where(sql`${foldedName} = ${folded(name)}`);
  return rows[0];
}

/** The organization that new users join; every deployment has one. */
export async function findDefaultOrganization(db: Db): Promise<OrganizationRow> {
  const [row] = await db.select(columns).from(organizations).where(eq(organizations.isDefault, true));
  if (!row) throw new Error('the default organization is missing from the database');
  return row;
}

/** Adds a membership without extra roles. @throws a unique violation on `uniques.organizationMember` */
export async function insertMember(
  db: Db,
  member: { userId: string; organizationId: string; now: string; roles?: string[] },
): Promise<void> {
  await db.insert(organizationMembers).values({
    userId: member.userId,
    organizationId: member.organizationId,
    roles: member.roles ?? [],
    createdAt: member.now,
    updatedAt: member.now,
  });
}

/** A membership with the roles that it gives: its own, and those that everybody in the organization has. */
export interface Membership {
  organizationId: string;
  roles: string[];
  defaultRoles: string[];
}

/** All memberships of a user, oldest first. */
export async function listMemberships(db: Db, userId: string): Promise<Membership[]> {
  return db
    .select({
      organizationId: organizationMembers.organizationId,
      roles: organizationMembers.roles,
      defaultRoles: organizations.defaultOrgMemberRoles,
    })
    .from(organizationMembers)
    .innerJoin(organizations, eq(organizations.id, organizationMembers.organizationId))
    .where(eq(organizationMembers.userId, userId))
    .orderBy(organizationMembers.createdAt, organizationMembers.organizationId);
}

/** The organizations that a caller may see, or those of them that one user is in; the default one first, then by name. */
export async function listOrganizations(db: Db, rows: OrganizationRows, memberId?: string): Promise<OrganizationRow[]> {
  return db
    .select(columns)
    .from(organizations)
    .where(
      and(
        rows.organizations === 'all' ? undefined : inArray(organizations.id, [...rows.organizations]),
        rows.ids === 'all' ? undefined : inArray(organizations.id, [...rows.ids]),
        memberId === undefined
          ? undefined
          : sql`exists (select from organization_members m where m.organization_id = ${organizations.id} and m.user_id = ${memberId})`,
      ),
    )
    .orderBy(desc(organizations.isDefault), foldedName);
}

/** @throws a unique violation on `uniques.organizationName` */
export async function insertOrganization(
  db: Db,
  organization: typeof organizations.$inferInsert,
): Promise<OrganizationRow> {
  const [row] = await db.insert(organizations).values(organization).returning(columns);
  if (!row) throw new Error('an insert returned no row');
  return row;
}

/** Locks an organization until the transaction ends: nobody can join it meanwhile. Undefined when it is gone. */
export async function lockOrganization(db: Db, id: string): Promise<OrganizationRow | undefined> {
  const rows = await db.select(columns).from(organizations).where(eq(organizations.id, id)).for('update');
  return rows[0];
}

/** @throws a unique violation on `uniques.organizationName` */
export async function updateOrganization(
  db: Db,
  id: string,
  changes: Partial<typeof organizations.$inferInsert>,
): Promise<OrganizationRow | undefined> {
  const rows = await db.update(organizations).set(changes).where(eq(organizations.id, id)).returning(columns);
  return rows[0];
}

/** How many are in an organization beside one user. */
export async function countOtherMembers(db: Db, id: string, userId: string): Promise<number> {
  return db.$count(
    organizationMembers,
    and(eq(organizationMembers.organizationId, id), ne(organizationMembers.userId, userId)),
  );
}

/** Deletes an organization with the memberships in it. */
export async function deleteOrganization(db: Db, id: string): Promise<void> {
  await db.delete(organizations).where(eq(organizations.id, id));
}

/** Those of these organizations that exist, by name. */
export async function findOrganizations(db: Db, ids: readonly string[]): Promise<OrganizationRow[]> {
  return db
    .select(columns)
    .from(organizations)
    .where(inArray(organizations.id, [...ids]))
    .orderBy(foldedName);
}

/** Those of these organizations that exist; none of them can be deleted until the transaction ends. */
export async function lockExisting(db: Db, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .select({ id: organizations.id })
    .from(organizations)
    .where(inArray(organizations.id, [...ids]))
    .orderBy(organizations.id)
    .for('key share');
  return rows.map(({ id }) => id);
}
