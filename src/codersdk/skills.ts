// Wire types of personal skills, an experimental part of the API.
import { z } from 'zod';
import { Time, Uuid } from './common.ts';
import { MAX_SKILL_CONTENT } from './sizes.ts';
import { ruledString } from './wire.ts';

const metadata = { id: Uuid, name: z.string(), description: z.string(), created_at: Time, updated_at: Time };

export const UserSkillMetadata = z.object(metadata).meta({ id: 'codersdk.UserSkillMetadata' });
export type UserSkillMetadata = z.infer<typeof UserSkillMetadata>;

export const UserSkillList = z.array(UserSkillMetadata);

export const UserSkill = z.object({ ...metadata, content: z.string() }).meta({ id: 'codersdk.UserSkill' });
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
