// Git SSH keys as wire objects, field by field: never the private half.
import type { GitSSHKey } from '../codersdk/git-ssh-keys.ts';
import type { GitSshKeyRow } from '../store/git-ssh-keys.ts';

/** codersdk.GitSSHKey. Golden: users-extras */
export const presentGitSshKey = (row: GitSshKeyRow): GitSSHKey => ({
  user_id: row.userId,
  created_at: row.createdAt,
  updated_at: row.updatedAt,
  public_key: row.publicKey,
});
