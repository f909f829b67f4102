// Personal skills as wire objects, field by field.
import type { UserSkill, UserSkillMetadata } from '../codersdk/skills.ts';
import type { SkillMetadataRow, SkillRow } from '../store/skills.ts';

/** codersdk.UserSkillMetadata: what a list shows. Golden: rbac-skills */
export function presentSkillMetadata(row: SkillMetadataRow): UserSkillMetadata {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

/** codersdk.UserSkill. Golden: rbac-skills */
export function presentSkill(row: SkillRow): UserSkill {
  return { ...presentSkillMetadata(row), content: row.content };
}
