// API keys: session keys, named tokens, and what a token may be made with.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Empty, Response } from '../codersdk/common.ts';
import * as wire from '../codersdk/keys.ts';
import { notFound } from '../errors.ts';
import { isCleanText } from '../golang/text.ts';
import { auditRefusals } from '../hooks/refusals.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { EXTENSION } from '../http/extensions.ts';
import { flag } from '../http/query.ts';
import {
  presentExternalScopes,
  presentKey,
  presentNewKey,
  presentTokenConfig,
  presentTokens,
  presentUserKey,
} from '../present/keys.ts';
import * as keys from '../services/keys.ts';
import { createToken, externalScopes, maxTokenLifetimeNs } from '../services/tokens.ts';

/** Text of a path segment. @throws ApiError 404 for what no id or name can be */
function segment(request: FastifyRequest, name: 'keyid' | 'keyname'): string {
  const text = (request.params as Record<string, string>)[name] ?? '';
  if (!isCleanText(text)) throw notFound();
  return text;
}

/** `tokens` is no id of a key: what is not served below it must not end up with the keys. */
function notTokens(request: FastifyRequest, reply: FastifyReply, done: (err?: Error) => void): void {
  if ((request.params as { keyid?: string }).keyid === 'tokens') reply.callNotFound();
  else done();
}

/** Routes of `/auth`, for anyone. */
export async function scopeRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/scopes',
    {
      schema: {
        operationId: 'list-api-key-scopes',
        summary: 'List API key scopes',
        tags: ['Authorization'],
        response: { 200: wire.ExternalAPIKeyScopes },
      },
    },
    async () => presentExternalScopes(externalScopes()),
  );
}

/** Routes of `/users/{user}/keys`. */
export async function userKeyRoutes(app: FastifyInstance): Promise<void> {
  await app.register(sessionKeyRoutes, { prefix: '/keys' });
  await app.register(tokenRoutes, { prefix: '/keys/tokens' });
  await app.register(keyRoutes, { prefix: '/keys/:keyid' });
}

async function sessionKeyRoutes(app: FastifyInstance): Promise<void> {
  app.post(
    '/',
    {
      ...auditRefusals('create', 'api_key', [403]),
      schema: {
        operationId: 'create-new-session-key',
        summary: 'Create new session key',
        tags: ['Users'],
        response: { 201: wire.GenerateAPIKeyResponse },
      },
    },
    async (request, reply) => {
      const key = await keys.createSessionKey(actorCtxOf(request), targetOf(request));
      return reply.code(201).send(presentNewKey(key));
    },
  );

  app.get(
    '/',
    {
      schema: {
        ...EXTENSION,
        operationId: 'list-user-keys',
        summary: 'List sessions and keys of a user',
        tags: ['Users'],
        querystring: wire.KeyListQuery,
        response: { 200: z.array(wire.UserKey) },
      },
    },
    async (request) => {
      const ctx = actorCtxOf(request);
      const rows = await keys.listKeys(ctx, targetOf(request), { expired: flag(request, 'include_expired') });
      return rows.map((row) => presentUserKey(row, ctx.actor.keyId));
    },
  );

  app.post(
    '/expire-all',
    {
      ...auditRefusals('write', 'api_key'),
      schema: {
        ...EXTENSION,
        operationId: 'expire-user-keys',
        summary: 'End all sessions and keys of a user but the one in use',
        tags: ['Users'],
        response: { 200: wire.ExpireKeysResponse },
      },
    },
    async (request) => {
      const count = await keys.expireOtherKeys(actorCtxOf(request), targetOf(request));
      return { message: 'All other sessions and keys have been ended.', count };
    },
  );
}

async function tokenRoutes(app: FastifyInstance): Promise<void> {
  app.post<{ Body: wire.CreateTokenRequest }>(
    '/',
    {
      ...auditRefusals('create', 'api_key', [403]),
      schema: {
        operationId: 'create-token-api-key',
        summary: 'Create token API key',
        tags: ['Users'],
        body: wire.CreateTokenRequest,
        response: { 201: wire.GenerateAPIKeyResponse },
      },
    },
    async (request, reply) => {
      const key = await createToken(actorCtxOf(request), targetOf(request), request.body);
      return reply.code(201).send(presentNewKey(key));
    },
  );

  app.get(
    '/',
    {
      schema: {
        operationId: 'get-user-tokens',
        summary: 'Get user tokens',
        tags: ['Users'],
        querystring: wire.TokenListQuery,
        response: { 200: z.array(wire.APIKeyWithOwner).nullable() },
      },
    },
    async (request, reply) => {
      const include = { all: flag(request, 'include_all'), expired: flag(request, 'include_expired') };
      const tokens = await keys.listTokens(actorCtxOf(request), targetOf(request), include);
      return reply.send(presentTokens(tokens));
    },
  );

  app.get(
    '/tokenconfig',
    {
      schema: {
        operationId: 'get-token-config',
        summary: 'Get token config',
        tags: ['Users'],
        response: { 200: wire.TokenConfig },
      },
    },
    async (request) => presentTokenConfig(maxTokenLifetimeNs(actorCtxOf(request).config, targetOf(request))),
  );

  await app.register(
    async (token) => {
      token.get(
        '/',
        {
          schema: {
            operationId: 'get-api-key-by-token-name',
            summary: 'Get API key by token name',
            tags: ['Users'],
            response: { 200: wire.APIKey },
          },
        },
        async (request) =>
          presentKey(await keys.getToken(actorCtxOf(request), targetOf(request), segment(request, 'keyname'))),
      );
    },
    { prefix: '/:keyname' },
  );
}

async function keyRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', notTokens);

  app.get(
    '/',
    {
      schema: {
        operationId: 'get-api-key-by-id',
        summary: 'Get API key by ID',
        tags: ['Users'],
        response: { 200: wire.APIKey },
      },
    },
    async (request) => presentKey(await keys.getKey(actorCtxOf(request), segment(request, 'keyid'), 'read')),
  );

  app.delete(
    '/',
    { schema: { operationId: 'delete-api-key', summary: 'Delete API key', tags: ['Users'], response: { 204: Empty } } },
    async (request, reply) => {
      await keys.deleteKey(actorCtxOf(request), segment(request, 'keyid'));
      return reply.code(204).send();
    },
  );

  await app.register(
    async (expire) => {
      expire.put(
        '/',
        {
          schema: {
            operationId: 'expire-api-key',
            summary: 'Expire API key',
            tags: ['Users'],
            response: { 204: Empty, 404: Response },
          },
        },
        async (request, reply) => {
          await keys.expireKey(actorCtxOf(request), segment(request, 'keyid'));
          return reply.code(204).send();
        },
      );
    },
    { prefix: '/expire' },
  );
}
