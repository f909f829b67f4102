// User secrets as wire objects, field by field: never the value.
import type { UserSecret } from '../codersdk/secrets.ts';
import type { SecretRow } from '../store/secrets.ts';

/** codersdk.UserSecret: all but the value. Golden: rbac-secrets */
export function presentSecret(row: SecretRow): UserSecret {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    env_name: row.envName,
    file_path: row.filePath,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}
