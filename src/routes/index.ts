// The map: being inside a scope is having its hooks.
import type { FastifyInstance } from 'fastify';
import { targetUser } from '../hooks/target.ts';
import { deploymentRoutes, guardedDeploymentRoutes } from './deployment.ts';
import { loginRoutes, logoutRoutes } from './login.ts';
import { roleRoutes, userRoleRoutes } from './roles.ts';
import { userRoutes, usersRoutes } from './users.ts';

/** Registers every operation. */
export async function registerRoutes(app: FastifyInstance): Promise<void> {
  await app.register(deploymentRoutes); // anyone
  await app.register(
    async (api) => {
      await api.register(loginRoutes, { prefix: '/users' }); // anyone, slowed down
      await api.register(async (scope) => {
        scope.addHook('onRequest', app.session); // signed in
        await scope.register(guardedDeploymentRoutes);
        await scope.register(logoutRoutes, { prefix: '/users' });
        await scope.register(usersRoutes, { prefix: '/users' });
        await scope.register(roleRoutes, { prefix: '/users' });
        await scope.register(
          async (user) => {
            user.addHook('onRequest', targetUser); // and may read the user in the path
            await user.register(userRoutes);
            await user.register(userRoleRoutes);
          },
          { prefix: '/users/:user' },
        );
      });
    },
    { prefix: '/api/v2' },
  );
}
