// Personal skills as rows.
import { and, eq } from 'drizzle-orm';
import { readable } from './columns.ts';
import type { Db } from './db.ts';
import { userSkills } from './schema-belongings.ts';

const metadataColumns = readable({
  id: userSkills.id,
  name: userSkills.name,
  description: userSkills.description,
  createdAt: userSkills.createdAt,
  updatedAt: userSkills.updatedAt,
});
const skillColumns = { ...metadataColumns, content: userSkills.content };

export interface SkillMetadataRow {
  id: string;
  name: string;
  description: string;
  createdAt: string;
  updatedAt: string;
}

export interface SkillRow extends SkillMetadataRow {
  content: string;
}

const named = (userId: string, name: string) => and(eq(userSkills.userId, userId), eq(userSkills.name, name));

/** A user's skills without their texts, in the order of their names, byte by byte. */
export async function listSkills(db: Db, userId: string): Promise<SkillMetadataRow[]> {
  return db.select(metadataColumns).from(userSkills).where(eq(userSkills.userId, userId)).orderBy(userSkills.name);
}

/** The skill of that exact name. */
export async function findSkill(db: Db, userId: string, name: string): Promise<SkillRow | undefined> {
  return (await db.select(skillColumns).from(userSkills).where(named(userId, name)))[0];
}

/** How many skills a user has. */
export async function countSkills(db: Db, userId: string): Promise<number> {
  return db.$count(userSkills, eq(userSkills.userId, userId));
}

/** Stores a skill; undefined when the user has one of that name. */
export async function insertSkill(db: Db, skill: typeof userSkills.$inferInsert): Promise<SkillRow | undefined> {
  const target = [userSkills.userId, userSkills.name];
  return (await db.insert(userSkills).values(skill).onConflictDoNothing({ target }).returning(skillColumns))[0];
}

/** Replaces text and description of a skill; undefined when there is none of that name. */
export async function updateSkill(
  db: Db,
  userId: string,
  name: string,
  changes: { description: string; content: string; updatedAt: string },
): Promise<SkillRow | undefined> {
  return (await db.update(userSkills).set(changes).where(named(userId, name)).returning(skillColumns))[0];
}

/** Deletes the skill of that name; the deleted row, undefined when there was none. */
export async function deleteSkill(db: Db, userId: string, name: string): Promise<SkillRow | undefined> {
  return (await db.delete(userSkills).where(named(userId, name)).returning(skillColumns))[0];
}
