// Wire type of the Git SSH key; the private half has no place in it.
import { z } from 'zod';
import { Time, Uuid } from './common.ts';
import { MAX_DESCRIPTION } from './sizes.ts';
import { text } from './wire.ts';

export const GitSSHKey = z
  .object({ user_id: Uuid, created_at: Time, updated_at: Time, public_key: text(MAX_DESCRIPTION) })
  .meta({ id: 'codersdk.GitSSHKey' });
export type GitSSHKey = z.infer<typeof GitSSHKey>;
