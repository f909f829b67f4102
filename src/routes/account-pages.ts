// Pages of somebody who is signed in: the account, what an owner does next, the key for the command line, the way out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { UpdateUserAppearanceSettingsRequest, type UserAppearanceSettings } from '../codersdk/settings.ts';
import type { ActorCtx } from '../ctx.ts';
import { ApiError } from '../errors.ts';
import { maskedCsrfToken } from '../hooks/csrf.ts';
import { isSignedIn } from '../hooks/page-session.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { clearSessionCookie } from '../http/cookies.ts';
import { sendHtml } from '../http/html-answer.ts';
import { parameter } from '../http/query.ts';
import { accountPage, colourVariants, themeOf } from '../pages/account.ts';
import { nextStepsPage } from '../pages/next-steps.ts';
import { cliAuthPage } from '../pages/plain.ts';
import { presentUserKey } from '../present/keys.ts';
import { presentAppearance } from '../present/settings.ts';
import { presentUser } from '../present/users.ts';
import * as deployment from '../services/deployment.ts';
import * as keys from '../services/keys.ts';
import * as login from '../services/login.ts';
import * as settings from '../services/settings.ts';
import { formRoute, readFields } from './page-forms.ts';
import { sendEntry } from './sign-in-pages.ts';

/** What the account page says after something was done there. */
const DONE: Readonly<Record<string, string>> = {
  revoked: 'It has been revoked.',
  'revoked-others': 'You are signed out everywhere else.',
  saved: 'Your settings have been saved.',
};

const done = (reply: FastifyReply, what: keyof typeof DONE) => reply.redirect(`/?done=${what}`, 303);

/** The caller's appearance settings; undefined for a session that may not read them. */
async function ownAppearance(ctx: ActorCtx): Promise<UserAppearanceSettings | undefined> {
  try {
    return presentAppearance(await settings.readSettings(ctx, ctx.actor.user));
  } catch (err) {
    if (err instanceof ApiError && err.status === 403) return undefined;
    throw err;
  }
}

/** What the form's three choices are in the words of the API. */
function appearanceOf(form: ReadonlyMap<string, string>): UpdateUserAppearanceSettingsRequest {
  const colours = colourVariants.find((ending) => ending === form.get('colours')) ?? '';
  const theme = form.get('theme') ?? '';
  const single = theme === 'light' || theme === 'dark';
  return readFields(UpdateUserAppearanceSettingsRequest, {
    theme_preference: (single ? theme : 'auto') + colours,
    theme_mode: single ? 'single' : 'sync',
    theme_light: `light${colours}`,
    theme_dark: `dark${colours}`,
    terminal_font: form.get('font'),
  });
}

/** `/`, `/next-steps`, `/cli-auth`, `/logout` and the forms of the account page. */
export async function accountPages(app: FastifyInstance): Promise<void> {
  const { config } = app.deps;
  const shown = { method: ['GET', 'HEAD'], schema: { hide: true } };

  async function sendAccount(request: FastifyRequest, reply: FastifyReply, refusal?: ApiError): Promise<FastifyReply> {
    const ctx = actorCtxOf(request);
    const { user, keyId } = ctx.actor;
    const [rows, appearance] = await Promise.all([keys.listKeys(ctx, user, { expired: false }), ownAppearance(ctx)]);
    const page = accountPage({
      user: presentUser(user),
      keys: rows.map((row) => presentUserKey(row, keyId)),
      appearance,
      csrf: maskedCsrfToken(request.csrfToken),
      runsServer: deployment.mayReadConfig(ctx),
      done: refusal ? undefined : DONE[parameter(request, 'done')],
      message: refusal?.message,
    });
    return sendHtml(reply, config, page, { status: refusal?.status ?? 200 });
  }

  /** A form of the account page: `work` gives the word for what was done. */
  const accountForm = (path: string, work: (request: FastifyRequest) => Promise<keyof typeof DONE>) =>
    app.post(path, formRoute(app), async (request, reply) => {
      if (!(await isSignedIn(request, reply))) return reply.redirect('/login', 303);
      try {
        return done(reply, await work(request));
      } catch (err) {
        if (err instanceof ApiError && err.status < 500) return sendAccount(request, reply, err);
        throw err;
      }
    });

  app.route({
    ...shown,
    url: '/',
    handler: async (request, reply) =>
      (await isSignedIn(request, reply)) ? sendAccount(request, reply) : sendEntry(request, reply, { redirect: '/' }),
  });

  app.route({
    ...shown,
    url: '/next-steps',
    handler: async (request, reply) => {
      if (!(await isSignedIn(request, reply))) return sendEntry(request, reply, { redirect: '/next-steps' });
      const ctx = actorCtxOf(request);
      if (!deployment.mayReadConfig(ctx)) return reply.redirect('/', 303);
      const page = nextStepsPage({
        setup: deployment.setup(ctx),
        username: ctx.actor.user.username,
        csrf: maskedCsrfToken(request.csrfToken),
        theme: themeOf(await ownAppearance(ctx)),
      });
      return sendHtml(reply, config, page);
    },
  });

  accountForm('/account/keys/revoke', async (request) => {
    await keys.deleteKey(actorCtxOf(request), request.form.get('id') ?? '');
    return 'revoked';
  });

  accountForm('/account/keys/revoke-others', async (request) => {
    const ctx = actorCtxOf(request);
    await keys.expireOtherKeys(ctx, ctx.actor.user);
    return 'revoked-others';
  });

  accountForm('/account/appearance', async (request) => {
    const ctx = actorCtxOf(request);
    await settings.updateAppearance(ctx, ctx.actor.user, appearanceOf(request.form));
    return 'saved';
  });

  app.post('/logout', formRoute(app), async (request, reply) => {
    // The browser forgets the key even when the key may not delete itself.
    clearSessionCookie(reply, config);
    if (await isSignedIn(request, reply)) await login.logout(actorCtxOf(request));
    return reply.redirect('/login?message=You+are+signed+out.', 303);
  });

  const sendCliAuth = async (request: FastifyRequest, reply: FastifyReply, key?: string): Promise<FastifyReply> => {
    const ctx = actorCtxOf(request);
    const theme = themeOf(await ownAppearance(ctx));
    const page = cliAuthPage({
      username: ctx.actor.user.username,
      csrf: maskedCsrfToken(request.csrfToken),
      theme,
      ...(key !== undefined && { key }),
    });
    return sendHtml(reply, config, page);
  };
  const signInFirst = { redirect: '/cli-auth', lead: 'Sign in to get a key for the command line.' };

  app.route({
    ...shown,
    url: '/cli-auth',
    handler: async (request, reply) =>
      (await isSignedIn(request, reply)) ? sendCliAuth(request, reply) : sendEntry(request, reply, signInFirst),
  });

  app.post('/cli-auth', formRoute(app), async (request, reply) => {
    if (!(await isSignedIn(request, reply))) return sendEntry(request, reply, { status: 401, ...signInFirst });
    const ctx = actorCtxOf(request);
    return sendCliAuth(request, reply, await keys.createSessionKey(ctx, ctx.actor.user));
  });
}
