// Organizations and memberships as rows.
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { prepared } from './prepared.ts';
import { organizationMembers, organizations } from './schema.ts';

export type OrganizationRow = typeof organizations.$inferSelect;

const byId = prepared((db) =>
  db.select().from(organizations).where(eq(organizations.id, sql.placeholder('id'))).prepare('organization_by_id'),
);

/** The organization with this id. */
export async function findOrganizationById(db: Db, id: string): Promise<OrganizationRow | undefined> {
  return (await byId(db).execute({ id }))[0];
}

/** The organization of this name, compared without case. */
export async function findOrganizationByName(db: Db, name: string): Promise<OrganizationRow | undefined> {
  const rows = await db.select().from(organizations).where(sql`lower(${organizations.name}) = lower(${name})`);
  return rows[0];
}

/** The organization that new users join; every deployment has one. */
export async function findDefaultOrganization(db: Db): Promise<OrganizationRow> {
  const [row] = await db.select().from(organizations).where(eq(organizations.isDefault, true));
  if (!row) throw new Error('the default organization is missing from the database');
  return row;
}

/** Adds a membership without extra roles. @throws a unique violation on `uniques.organizationMember` */
export async function insertMember(db: Db, member: { userId: string; organizationId: string; now: string; roles?: string[] }): Promise<void> {
  await db.insert(organizationMembers).values({
    userId: member.userId,
    organizationId: member.organizationId,
    roles: member.roles ?? [],
    createdAt: member.now,
    updatedAt: member.now,
  });
}

/** One membership, undefined when the user is not in the organization. */
export async function findMember(db: Db, userId: string, organizationId: string) {
  const rows = await db
    .select()
    .from(organizationMembers)
    .where(and(eq(organizationMembers.userId, userId), eq(organizationMembers.organizationId, organizationId)));
  return rows[0];
}

/** All memberships of a user, oldest first. */
export async function listMemberships(db: Db, userId: string) {
  return db
    .select({ organizationId: organizationMembers.organizationId, roles: organizationMembers.roles })
    .from(organizationMembers)
    .where(eq(organizationMembers.userId, userId))
    .orderBy(organizationMembers.createdAt, organizationMembers.organizationId);
}
