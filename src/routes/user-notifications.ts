// Notifications of one user: preferences and web push.
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { Empty, Response } from '../codersdk/common.ts';
import * as wire from '../codersdk/notifications.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { targetOf } from '../hooks/target.ts';
import { presentNotificationPreferences as present } from '../present/notifications.ts';
import * as notifications from '../services/notifications.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };

/** Routes of `/users/{user}/notifications` and `/users/{user}/webpush`. */
export async function userNotificationRoutes(app: FastifyInstance): Promise<void> {
  await app.register(
    async (group) => {
      group.get(
        '/',
        {
          schema: {
            operationId: 'get-user-notification-preferences',
            summary: 'Get user notification preferences',
            tags: ['Notifications'],
            response: { 200: wire.NotificationPreferences },
          },
        },
        async (request) => present(await notifications.notificationPreferences(actorCtxOf(request), targetOf(request))),
      );

      group.put<Body<typeof wire.UpdateUserNotificationPreferences>>(
        '/',
        {
          schema: {
            operationId: 'update-user-notification-preferences',
            summary: 'Update user notification preferences',
            tags: ['Notifications'],
            body: wire.UpdateUserNotificationPreferences,
            response: { 200: wire.NotificationPreferences },
          },
        },
        async (request) =>
          present(
            await notifications.updateNotificationPreferences(actorCtxOf(request), targetOf(request), request.body),
          ),
      );
    },
    { prefix: '/notifications/preferences' },
  );

  app.post<Body<typeof wire.WebpushSubscription>>(
    '/webpush/subscription',
    {
      schema: {
        operationId: 'create-user-webpush-subscription',
        summary: 'Create user webpush subscription',
        tags: ['Notifications'],
        body: wire.WebpushSubscription,
        response: { 204: Empty, 400: Response },
      },
    },
    async (request) => notifications.subscribe(actorCtxOf(request), targetOf(request), request.body),
  );

  app.delete<Body<typeof wire.DeleteWebpushSubscription>>(
    '/webpush/subscription',
    {
      schema: {
        operationId: 'delete-user-webpush-subscription',
        summary: 'Delete user webpush subscription',
        tags: ['Notifications'],
        body: wire.DeleteWebpushSubscription,
        response: { 204: Empty, 404: Response },
      },
    },
    async (request) => notifications.unsubscribe(actorCtxOf(request), targetOf(request)),
  );

  app.post(
    '/webpush/test',
    {
      schema: {
        operationId: 'send-a-test-push-notification',
        summary: 'Send a test push notification',
        tags: ['Notifications'],
        response: { 204: Empty },
      },
    },
    async (request, reply) => {
      notifications.testPush(actorCtxOf(request), targetOf(request));
      return reply.code(204).send();
    },
  );
}
