// Wire types of personal skills, an experimental part of the API.
import { z } from 'zod';
import { Time, Uuid } from './common.ts';
import { MAX_DESCRIPTION, MAX_LABEL, MAX_SKILL_CONTENT, MAX_SKILLS } from './sizes.ts';
import { list, ruledString, text } from './wire.ts';

const metadata = {
  id: Uuid,
  name: text(MAX_LABEL),
  description: text(MAX_DESCRIPTION),
  created_at: Time,
  updated_at: Time,
};

export const UserSkillMetadata = z.object(metadata).meta({ id: 'codersdk.UserSkillMetadata' });
export type UserSkillMetadata = z.infer<typeof UserSkillMetadata>;

export const UserSkillList = list(UserSkillMetadata, MAX_SKILLS);

export const UserSkill = z.object({ ...metadata, content: text(MAX_SKILL_CONTENT) }).meta({ id: 'codersdk.UserSkill' });
export type UserSkill = z.infer<typeof UserSkill>;

/** The whole text; name and description are read from its front matter. */
export const CreateUserSkillRequest = z
  .object({ content: ruledString(MAX_SKILL_CONTENT) })
  .meta({ id: 'codersdk.CreateUserSkillRequest' });
export type CreateUserSkillRequest = z.output<typeof CreateUserSkillRequest>;

export const UpdateUserSkillRequest = z
  .object({ content: ruledString(MAX_SKILL_CONTENT) })
  .meta({ id: 'codersdk.UpdateUserSkillRequest' });
export type UpdateUserSkillRequest = z.output<typeof UpdateUserSkillRequest>;
