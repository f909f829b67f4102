// How an account signs in: its login type, the claims of its provider, and the first half of a conversion.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import * as wire from '../codersdk/auth.ts';
import { UserLoginType } from '../codersdk/users.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { cookieDefaults, setCookie } from '../http/cookies.ts';
import { flag } from '../http/query.ts';
import { presentConversion, presentLoginType, presentOidcClaims } from '../present/login-type.ts';
import { loginType, oidcClaims } from '../services/login-type.ts';
import * as conversion from '../services/sso/convert.ts';

/** Routes of `/users` about the caller's provider. */
export async function oidcClaimsRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/oidc-claims',
    {
      schema: {
        operationId: 'get-oidc-claims-for-the-authenticated-user',
        summary: 'Get OIDC claims for the authenticated user',
        tags: ['Users'],
        response: { 200: wire.OIDCClaimsResponse },
      },
    },
    async (request) => presentOidcClaims(await oidcClaims(actorCtxOf(request))),
  );
}

/** Routes of `/users/{user}` about the login type. */
export async function userLoginTypeRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/login-type',
    {
      schema: {
        operationId: 'get-user-login-type',
        summary: 'Get user login type',
        tags: ['Users'],
        response: { 200: UserLoginType },
      },
    },
    async (request) => presentLoginType(loginType(actorCtxOf(request), targetOf(request))),
  );

  app.post<{ Body: z.output<typeof wire.ConvertLoginRequest> }>(
    '/convert-login',
    {
      onRequest: app.limits.password,
      // Failed proofs are noted where they are checked.
      ...auditRefusals('create', 'convert_login', [403]),
      schema: {
        operationId: 'convert-user-from-password-to-oauth-authentication',
        summary: 'Convert user from password to oauth authentication',
        tags: ['Authorization'],
        querystring: wire.ConvertLoginQuery,
        body: wire.ConvertLoginRequest,
        response: { 201: wire.OAuthConversionResponse },
      },
    },
    async (request, reply) => {
      const permit = await conversion.permitConversion(actorCtxOf(request), targetOf(request), request.body, {
        keepTokens: flag(request, 'keep_tokens'),
      });
      setCookie(reply, conversion.CONVERT_LOGIN_COOKIE, permit.jwt, {
        ...cookieDefaults(app.deps.config),
        expires: new Date(permit.expiresAtUnixSeconds * 1000),
        httpOnly: true,
      });
      return reply.code(201).send(presentConversion({ ...permit, expiresAt: conversion.permitExpiry(permit) }));
    },
  );
}
