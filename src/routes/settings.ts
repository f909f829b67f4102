// Settings of one user: appearance, preferences, remembered form values.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import * as wire from '../codersdk/settings.ts';
import { UserParameter } from '../codersdk/users.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { queryTerms } from '../http/query.ts';
import { presentAppearance, presentPreferences } from '../present/settings.ts';
import * as settings from '../services/settings.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };

/** Routes of `/users/{user}` about settings. */
export async function userSettingsRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/appearance',
    {
      schema: {
        operationId: 'get-user-appearance-settings',
        summary: 'Get user appearance settings',
        tags: ['Users'],
        response: { 200: wire.UserAppearanceSettings },
      },
    },
    async (request) => presentAppearance(await settings.readSettings(actorCtxOf(request), targetOf(request))),
  );

  app.put<Body<typeof wire.UpdateUserAppearanceSettingsRequest>>(
    '/appearance',
    {
      schema: {
        operationId: 'update-user-appearance-settings',
        summary: 'Update user appearance settings',
        tags: ['Users'],
        body: wire.UpdateUserAppearanceSettingsRequest,
        response: { 200: wire.UserAppearanceSettings },
      },
    },
    async (request) =>
      presentAppearance(await settings.updateAppearance(actorCtxOf(request), targetOf(request), request.body)),
  );

  app.get(
    '/preferences',
    {
      schema: {
        operationId: 'get-user-preference-settings',
        summary: 'Get user preference settings',
        tags: ['Users'],
        response: { 200: wire.UserPreferenceSettings },
      },
    },
    async (request) => presentPreferences(await settings.readSettings(actorCtxOf(request), targetOf(request))),
  );

  app.put<Body<typeof wire.UpdateUserPreferenceSettingsRequest>>(
    '/preferences',
    {
      schema: {
        operationId: 'update-user-preference-settings',
        summary: 'Update user preference settings',
        tags: ['Users'],
        body: wire.UpdateUserPreferenceSettingsRequest,
        response: { 200: wire.UserPreferenceSettings },
      },
    },
    async (request) =>
      presentPreferences(await settings.updatePreferences(actorCtxOf(request), targetOf(request), request.body)),
  );

  app.get(
    '/autofill-parameters',
    {
      schema: {
        operationId: 'get-autofill-build-parameters-for-user',
        summary: 'Get autofill build parameters for user',
        tags: ['Users'],
        querystring: wire.AutofillQuery,
        response: { 200: z.array(UserParameter) },
      },
    },
    async (request) => settings.autofillParameters(actorCtxOf(request), targetOf(request), queryTerms(request)),
  );
}
