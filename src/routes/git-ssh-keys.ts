// The Git SSH key of one user.
import type { FastifyInstance } from 'fastify';
import { GitSSHKey } from '../codersdk/git-ssh-keys.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { presentGitSshKey } from '../present/git-ssh-keys.ts';
import * as keys from '../services/git-ssh-keys.ts';

/** Routes of `/users/{user}/gitsshkey`. */
export async function userGitSshKeyRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/gitsshkey',
    {
      schema: {
        operationId: 'get-user-git-ssh-key',
        summary: 'Get user Git SSH key',
        tags: ['Users'],
        response: { 200: GitSSHKey },
      },
    },
    async (request) => presentGitSshKey(await keys.gitSshKey(actorCtxOf(request), targetOf(request))),
  );

  app.put(
    '/gitsshkey',
    {
      ...auditRefusals('write', 'git_ssh_key'),
      schema: {
        operationId: 'regenerate-user-ssh-key',
        summary: 'Regenerate user SSH key',
        tags: ['Users'],
        response: { 200: GitSSHKey },
      },
    },
    async (request) => presentGitSshKey(await keys.regenerateGitSshKey(actorCtxOf(request), targetOf(request))),
  );
}
