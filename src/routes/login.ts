// Signing in: first user, login, logout, password strength, one-time passcodes.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import * as wire from '../codersdk/auth.ts';
import { Empty, Response } from '../codersdk/common.ts';
import { passwordProblem } from '../codersdk/password-strength.ts';
import { CreateFirstUserRequest, CreateFirstUserResponse } from '../codersdk/users.ts';
import { notFromElsewhere, passwordsOn } from '../hooks/gates.ts';
import { actorCtxOf, ctxOf } from '../hooks/session.ts';
import { clearSessionCookie, setSessionCookie } from '../http/cookies.ts';
import { presentAuthMethods, presentFirstUser, presentPasswordVerdict, presentSession } from '../present/login.ts';
import * as login from '../services/login.ts';
import * as passwords from '../services/passwords.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };

/** Routes of `/users` that need no session. */
export async function loginRoutes(app: FastifyInstance): Promise<void> {
  const { limits, deps } = app;

  app.get(
    '/authmethods',
    {
      schema: {
        operationId: 'get-authentication-methods',
        summary: 'Get authentication methods',
        tags: ['Users'],
        response: { 200: wire.AuthMethods },
      },
    },
    async (request) => presentAuthMethods(await login.authMethods(ctxOf(request))),
  );

  app.get(
    '/first',
    {
      schema: {
        operationId: 'check-initial-user-created',
        summary: 'Check initial user created',
        tags: ['Users'],
        response: { 200: Response, 404: Response },
      },
    },
    async (request, reply) => {
      const exists = await login.isSetUp(ctxOf(request));
      if (!exists) return reply.code(404).send({ message: 'The initial user has not been created!' });
      return { message: 'The initial user has already been created!' };
    },
  );

  app.post<Body<typeof CreateFirstUserRequest>>(
    '/first',
    {
      onRequest: notFromElsewhere,
      schema: {
        operationId: 'create-initial-user',
        summary: 'Create initial user',
        tags: ['Users'],
        body: CreateFirstUserRequest,
        response: { 201: CreateFirstUserResponse, 409: Response },
      },
    },
    async (request, reply) => {
      const made = await login.createFirstUser(ctxOf(request), request.body);
      return reply.code(201).send(presentFirstUser(made));
    },
  );

  app.post<Body<typeof wire.LoginWithPasswordRequest>>(
    '/login',
    {
      onRequest: [notFromElsewhere, limits.password],
      schema: {
        operationId: 'log-in-user',
        summary: 'Log in user',
        tags: ['Authorization'],
        body: wire.LoginWithPasswordRequest,
        response: { 201: wire.LoginWithPasswordResponse, 401: Response },
      },
    },
    async (request, reply) => {
      const key = await login.login(ctxOf(request), request.body);
      setSessionCookie(reply, deps.config, key);
      return reply.code(201).send(presentSession(key));
    },
  );

  app.post<Body<typeof wire.ValidateUserPasswordRequest>>(
    '/validate-password',
    {
      onRequest: limits.login,
      schema: {
        operationId: 'validate-user-password',
        summary: 'Validate user password',
        tags: ['Authorization'],
        body: wire.ValidateUserPasswordRequest,
        response: { 200: wire.ValidateUserPasswordResponse },
      },
    },
    async (request) => presentPasswordVerdict(passwordProblem(request.body.password)),
  );

  app.post<Body<typeof wire.RequestOneTimePasscodeRequest>>(
    '/otp/request',
    {
      onRequest: [limits.login, passwordsOn],
      schema: {
        operationId: 'request-one-time-passcode',
        summary: 'Request one-time passcode',
        tags: ['Authorization'],
        body: wire.RequestOneTimePasscodeRequest,
        response: { 204: Empty },
      },
    },
    async (request, reply) => {
      await passwords.requestPasscode(ctxOf(request), request.body.email);
      return reply.code(204).send();
    },
  );

  app.post<Body<typeof wire.ChangePasswordWithOneTimePasscodeRequest>>(
    '/otp/change-password',
    {
      onRequest: [limits.login, passwordsOn],
      schema: {
        operationId: 'change-password-with-a-one-time-passcode',
        summary: 'Change password with a one-time passcode',
        tags: ['Authorization'],
        body: wire.ChangePasswordWithOneTimePasscodeRequest,
        response: { 204: Empty },
      },
    },
    async (request, reply) => {
      await passwords.changePasswordWithPasscode(ctxOf(request), request.body);
      return reply.code(204).send();
    },
  );
}

/** Routes of `/users` about the caller's own session. */
export async function logoutRoutes(app: FastifyInstance): Promise<void> {
  app.post(
    '/logout',
    { schema: { operationId: 'log-out-user', summary: 'Log out user', tags: ['Users'], response: { 200: Response } } },
    async (request, reply) => {
      // The browser forgets the key even when the key may not delete itself.
      clearSessionCookie(reply, app.deps.config);
      await login.logout(actorCtxOf(request));
      return { message: 'Logged out!' };
    },
  );
}
