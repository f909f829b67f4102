// Personal skills: written by their user alone, read and deleted by owners too.
import { randomUUID } from 'node:crypto';
import { MAX_SKILLS } from '../codersdk/sizes.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { badRequest, conflict, forbidden, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { can } from '../rbac/authorize.ts';
import { userOwned } from '../rbac/objects.ts';
import {
  countSkills,
  deleteSkill as deleteRow,
  findSkill,
  insertSkill,
  listSkills as listRows,
  type SkillMetadataRow,
  type SkillRow,
  updateSkill as updateRow,
} from '../store/skills.ts';
import type { UserRow } from '../store/users.ts';
import { withAccount } from './actors.ts';
import { audit } from './audit.ts';
import { parseSkill } from './skill-parser.ts';

const may = (ctx: ActorCtx, action: 'create' | 'read' | 'update' | 'delete', target: UserRow) =>
  can(ctx.actor.subject, action, userOwned('user_skill', target.id));

/** The fields of a skill that the audit log compares. Golden: audit-secrets-skills */
const auditedSkill = ({ id, name, description, content }: SkillRow, userId: string) => ({
  id,
  user_id: userId,
  name,
  description,
  content,
});

/** The skills of a user by name, without texts. @throws ApiError 404 for those who may not read them */
export async function listSkills(ctx: ActorCtx, target: UserRow): Promise<SkillMetadataRow[]> {
  if (!may(ctx, 'read', target)) throw notFound();
  return listRows(ctx.db, target.id);
}

/** One skill with its text, by exact name. @throws ApiError 404 when there is none or the caller may not read it */
export async function getSkill(ctx: ActorCtx, target: UserRow, name: string): Promise<SkillRow> {
  const skill = may(ctx, 'read', target) ? await findSkill(ctx.db, target.id, name) : undefined;
  if (!skill) throw notFound();
  return skill;
}

/**
 * Stores a skill under the name in its front matter; the text is kept byte for byte.
 * @throws ApiError 400 for a bad text, 403 for everybody but the user, 409 at the limit or for a taken name, in this
 * order (golden: rbac-skills, rbac-skills-limit)
 */
export async function createSkill(ctx: ActorCtx, target: UserRow, content: string): Promise<SkillRow> {
  const { name, description } = parseSkill(content);
  if (!may(ctx, 'create', target)) throw forbidden();
  // The user's row is held so that the count cannot grow behind our back.
  return withAccount(ctx, target, async (ctx) => {
    if (!may(ctx, 'create', target)) throw forbidden();
    if ((await countSkills(ctx.db, target.id)) >= MAX_SKILLS) {
      throw conflict('Personal skill limit reached.', {
        detail: `Each user can have at most ${MAX_SKILLS} personal skills.`,
      });
    }
    const now = nowText(ctx);
    const skill = await insertSkill(ctx.db, {
      ...{ id: randomUUID(), userId: target.id, name, description, content },
      createdAt: now,
      updatedAt: now,
    });
    if (!skill) throw conflict('A skill with that name already exists.', { detail: `The name "${name}" is in use.` });
    await audit(ctx, {
      action: 'create',
      resourceType: 'user_skill',
      resourceId: skill.id,
      resourceTarget: name,
      after: auditedSkill(skill, target.id),
      status: 201,
    });
    return skill;
  });
}

/**
 * Replaces a skill's text, whose front matter must keep the name.
 * @throws ApiError 400 for a bad text or another name; 403 for those who may not read the skill, and for those who may
 * not change one that is there; 404 when there is none (golden: rbac-skills)
 */
export async function updateSkill(ctx: ActorCtx, target: UserRow, name: string, content: string): Promise<SkillRow> {
  const parsed = parseSkill(content);
  if (parsed.name !== name) {
    throw badRequest('Skill name in path does not match frontmatter name.', {
      detail: `path has ${quoted(name)}, frontmatter has "${parsed.name}"`,
    });
  }
  if (!may(ctx, 'read', target)) throw forbidden();
  return withAccount(ctx, target, async (ctx) => {
    if (!may(ctx, 'read', target)) throw forbidden();
    const before = await findSkill(ctx.db, target.id, name);
    if (!before) throw notFound();
    if (!may(ctx, 'update', target)) throw forbidden();
    const changes = { description: parsed.description, content, updatedAt: nowText(ctx) };
    const after = await updateRow(ctx.db, target.id, name, changes);
    if (!after) throw notFound();
    await audit(ctx, {
      action: 'write',
      resourceType: 'user_skill',
      resourceId: after.id,
      resourceTarget: name,
      before: auditedSkill(before, target.id),
      after: auditedSkill(after, target.id),
    });
    return after;
  });
}

/** Deletes a skill. @throws ApiError 404 when there is none or the caller may not delete it (golden: rbac-skills) */
export async function deleteSkill(ctx: ActorCtx, target: UserRow, name: string): Promise<void> {
  if (!may(ctx, 'delete', target)) throw notFound();
  await withAccount(ctx, target, async (ctx) => {
    if (!may(ctx, 'delete', target)) throw notFound();
    const skill = await deleteRow(ctx.db, target.id, name);
    if (!skill) throw notFound();
    await audit(ctx, {
      action: 'delete',
      resourceType: 'user_skill',
      resourceId: skill.id,
      resourceTarget: name,
      before: auditedSkill(skill, target.id),
      status: 204,
    });
  });
}
