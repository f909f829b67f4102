// The map: being inside a scope is having its hooks.
import type { FastifyInstance } from 'fastify';
import { requireSession } from '../hooks/session.ts';
import { targetOrganization, targetUser } from '../hooks/target.ts';
import { appearanceChangeRoutes, appearanceRoutes } from './appearance.ts';
import { auditRoutes } from './audit.ts';
import { authcheckRoutes } from './authcheck.ts';
import { cspReportRoutes } from './csp-reports.ts';
import { deploymentRoutes, guardedDeploymentRoutes } from './deployment.ts';
import { downloadRoutes } from './downloads.ts';
import { userEmailRoutes } from './email.ts';
import { debugLinkRoutes, externalLoginRoutes } from './external-login.ts';
import { userGitSshKeyRoutes } from './git-ssh-keys.ts';
import { healthRoutes } from './health.ts';
import { idpSyncRoutes, organizationIdpSyncRoutes } from './idp-sync.ts';
import { insightsRoutes } from './insights.ts';
import { scopeRoutes, userKeyRoutes } from './keys.ts';
import { licenseRoutes } from './licenses.ts';
import { loginRoutes, logoutRoutes } from './login.ts';
import { oidcClaimsRoutes, userLoginTypeRoutes } from './login-type.ts';
import { membersRoutes } from './members.ts';
import { notificationRoutes } from './notifications.ts';
import { oauth2AppRoutes } from './oauth2-apps.ts';
import { organizationRoutes, organizationsRoutes, userOrganizationRoutes } from './organizations.ts';
import { pageRoutes } from './pages.ts';
import { roleRoutes, userRoleRoutes } from './roles.ts';
import { secretRoutes } from './secrets.ts';
import { userSettingsRoutes } from './settings.ts';
import { skillRoutes } from './skills.ts';
import { swaggerRoutes } from './swagger.ts';
import { userNotificationRoutes } from './user-notifications.ts';
import { userRoutes, usersRoutes } from './users.ts';
import {
  organizationWorkspacesRoutes,
  quietHoursRoutes,
  workspaceProxyRoutes,
  workspacesRoutes,
} from './workspaces.ts';

/** Registers every operation. */
export async function registerRoutes(app: FastifyInstance): Promise<void> {
  await app.register(deploymentRoutes); // anyone
  await app.register(pageRoutes); // browsers, which they sign in themselves
  await app.register(downloadRoutes);
  await app.register(swaggerRoutes, { prefix: '/swagger' });
  await app.register(
    async (api) => {
      await api.register(loginRoutes, { prefix: '/users' }); // anyone, slowed down
      await api.register(externalLoginRoutes, { prefix: '/users' }); // anyone, slowed down
      await api.register(scopeRoutes, { prefix: '/auth' }); // anyone
      await api.register(cspReportRoutes); // anyone
      await api.register(quietHoursRoutes, { prefix: '/users' }); // anyone
      await api.register(appearanceRoutes); // signed in, told so in words of its own
      await api.register(workspaceProxyRoutes); // anyone, who is told so in words of its own
      await api.register(async (scope) => {
        requireSession(scope); // signed in
        await scope.register(guardedDeploymentRoutes);
        await scope.register(workspacesRoutes);
        await scope.register(appearanceChangeRoutes);
        await scope.register(healthRoutes, { prefix: '/debug/health' });
        await scope.register(oauth2AppRoutes, { prefix: '/oauth2-provider/apps' });
        await scope.register(licenseRoutes, { prefix: '/licenses' });
        await scope.register(authcheckRoutes);
        await scope.register(auditRoutes, { prefix: '/audit' });
        await scope.register(notificationRoutes, { prefix: '/notifications' });
        await scope.register(insightsRoutes, { prefix: '/insights' });
        await scope.register(idpSyncRoutes, { prefix: '/settings/idpsync' });
        await scope.register(organizationsRoutes, { prefix: '/organizations' });
        await scope.register(
          async (organization) => {
            organization.addHook('onRequest', targetOrganization); // and may read the organization in the path
            await organization.register(organizationRoutes);
            await organization.register(membersRoutes);
            await organization.register(organizationWorkspacesRoutes);
            await organization.register(organizationIdpSyncRoutes, { prefix: '/settings/idpsync' });
          },
          { prefix: '/organizations/:organization' },
        );
        await scope.register(logoutRoutes, { prefix: '/users' });
        await scope.register(usersRoutes, { prefix: '/users' });
        await scope.register(roleRoutes, { prefix: '/users' });
        await scope.register(oidcClaimsRoutes, { prefix: '/users' });
        await scope.register(
          async (user) => {
            user.addHook('onRequest', targetUser); // and may read the user in the path
            await user.register(userRoutes);
            await user.register(userRoleRoutes);
            await user.register(userEmailRoutes);
            await user.register(userKeyRoutes);
            await user.register(userOrganizationRoutes);
            await user.register(secretRoutes);
            await user.register(userSettingsRoutes);
            await user.register(userGitSshKeyRoutes);
            await user.register(userLoginTypeRoutes);
            await user.register(userNotificationRoutes);
          },
          { prefix: '/users/:user' },
        );
        await scope.register(
          async (user) => {
            user.addHook('onRequest', targetUser);
            await user.register(debugLinkRoutes);
          },
          { prefix: '/debug/:user' },
        );
      });
    },
    { prefix: '/api/v2' },
  );
  await app.register(
    async (user) => {
      requireSession(user);
      user.addHook('onRequest', targetUser);
      await user.register(skillRoutes);
    },
    { prefix: '/api/experimental/users/:user' },
  );
}
