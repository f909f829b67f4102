// Where clients look for the command line program: they are sent to where the operator keeps it.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** `coder-linux-amd64`, `coder-windows-arm64.exe` and the like: nothing else of a request gets into the address. */
const BINARY = /^coder-[a-z0-9]+(?:-[a-z0-9]+)?(?:\.exe|\.sha256|\.asc)?$/;
const NOWHERE =
  'This server does not have the command line program. Install it from where you get such programs; an administrator can set CODER_USERS_CLI_DOWNLOAD_URL to lead here.\n';

/** `/bin/coder-*` and `/install.sh`. */
export async function downloadRoutes(app: FastifyInstance): Promise<void> {
  const { cliDownloadUrl } = app.deps.config.deployment;
  const answer = (reply: FastifyReply, file: string) =>
    cliDownloadUrl === '' || !(BINARY.test(file) || file === 'install.sh')
      ? reply.code(404).type('text/plain; charset=utf-8').send(NOWHERE)
      : reply.redirect(`${cliDownloadUrl}/${file}`, 307);
  const shown = { method: ['GET', 'HEAD'], schema: { hide: true } };
  app.route({
    ...shown,
    url: '/bin/:file',
    handler: async (request: FastifyRequest, reply) => answer(reply, (request.params as { file: string }).file),
  });
  app.route({ ...shown, url: '/install.sh', handler: async (_request, reply) => answer(reply, 'install.sh') });
}
