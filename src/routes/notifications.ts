// Notifications of the deployment and of whoever asks: templates and methods, messages that are sent, the inbox.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Empty, Response } from '../codersdk/common.ts';
import * as wire from '../codersdk/notifications.ts';
import { MAX_KNOWN } from '../codersdk/sizes.ts';
import { list } from '../codersdk/wire.ts';
import { actorCtxOf, ctxOf } from '../hooks/session.ts';
import { isFromElsewhere } from '../http/origin.ts';
import { queryTerms } from '../http/query.ts';
import { requireUpgrade, upgrade } from '../http/websocket.ts';
import { presentInboxMessage, presentNotificationTemplate } from '../present/notifications.ts';
import * as inbox from '../services/inbox.ts';
import * as messages from '../services/messages.ts';
import * as notificationTemplates from '../services/notification-templates.ts';

type Body<T extends z.ZodType> = { Body: z.output<T> };

const templates = async (request: FastifyRequest, kind: 'system' | 'custom') =>
  (await notificationTemplates.templatesOfKind(ctxOf(request), kind)).map(({ template, method }) =>
    presentNotificationTemplate(template, method),
  );

/** Routes of `/notifications`: templates and methods, messages that are sent, the caller's inbox. */
export async function notificationRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/dispatch-methods',
    {
      schema: {
        operationId: 'get-notification-dispatch-methods',
        summary: 'Get notification dispatch methods',
        tags: ['Notifications'],
        response: { 200: wire.NotificationMethodsResponse },
      },
    },
    async (request) => notificationTemplates.dispatchMethods(ctxOf(request)),
  );

  app.get(
    '/templates/system',
    {
      schema: {
        operationId: 'get-system-notification-templates',
        summary: 'Get system notification templates',
        tags: ['Notifications'],
        response: { 200: list(wire.NotificationTemplate, MAX_KNOWN) },
      },
    },
    async (request) => templates(request, 'system'),
  );

  app.get(
    '/templates/custom',
    {
      schema: {
        operationId: 'get-custom-notification-templates',
        summary: 'Get custom notification templates',
        tags: ['Notifications'],
        response: { 200: list(wire.NotificationTemplate, MAX_KNOWN) },
      },
    },
    async (request) => templates(request, 'custom'),
  );

  app.put<{ Params: { notification_template: string }; Body: wire.UpdateNotificationTemplateMethod }>(
    '/templates/:notification_template/method',
    {
      onRequest: async (request) =>
        void notificationTemplates.requireChangeable(
          actorCtxOf(request),
          (request.params as { notification_template: string }).notification_template,
        ),
      schema: {
        operationId: 'update-notification-template-dispatch-method',
        summary: 'Update notification template dispatch method',
        tags: ['Enterprise'],
        body: wire.UpdateNotificationTemplateMethod,
        response: { 200: Response, 304: Empty },
      },
    },
    async (request, reply) => {
      const { notification_template: id } = request.params;
      const changed = await notificationTemplates.chooseMethod(actorCtxOf(request), id, request.body.method);
      return changed ? { message: 'Successfully updated notification template method.' } : reply.code(304).send();
    },
  );

  app.post(
    '/test',
    {
      schema: {
        operationId: 'send-a-test-notification',
        summary: 'Send a test notification',
        tags: ['Notifications'],
        response: { 204: Empty },
      },
    },
    async (request, reply) => {
      await messages.sendTest(actorCtxOf(request));
      return reply.code(204).send();
    },
  );

  app.post<Body<typeof wire.CustomNotificationRequest>>(
    '/custom',
    {
      schema: {
        operationId: 'send-a-custom-notification',
        summary: 'Send a custom notification',
        tags: ['Notifications'],
        body: wire.CustomNotificationRequest,
        response: { 204: Empty, 400: Response },
      },
    },
    async (request, reply) => {
      await messages.sendCustom(actorCtxOf(request), request.body);
      return reply.code(204).send();
    },
  );

  await app.register(inboxRoutes, { prefix: '/inbox' });
}

async function inboxRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/',
    {
      schema: {
        operationId: 'list-inbox-notifications',
        summary: 'List inbox notifications',
        tags: ['Notifications'],
        querystring: wire.InboxQuery,
        response: { 200: wire.ListInboxNotificationsResponse },
      },
    },
    async (request) => {
      const { messages, unread } = await inbox.readInbox(actorCtxOf(request), queryTerms(request));
      return { notifications: messages.map((message) => presentInboxMessage(message)), unread_count: unread };
    },
  );

  app.get(
    '/watch',
    {
      schema: {
        operationId: 'watch-for-new-inbox-notifications',
        summary: 'Watch for new inbox notifications',
        tags: ['Notifications'],
        querystring: wire.WatchQuery,
        response: { 200: wire.GetInboxNotificationResponse, 426: Response },
      },
    },
    async (request, reply) => {
      const ctx = actorCtxOf(request);
      const { filter, asPlainText } = inbox.watchOf(ctx, queryTerms(request));
      requireUpgrade(request, isFromElsewhere(request.headers, ctx.config.accessUrl, { byToken: true }));
      app.inboxWatch.requireRoom(ctx);
      upgrade(request, reply, (channel) =>
        app.inboxWatch.add(
          ctx,
          filter,
          channel,
          (message, unread) =>
            `${JSON.stringify({ notification: presentInboxMessage(message, asPlainText), unread_count: unread })}\n`,
        ),
      );
    },
  );

  app.put<{ Params: { id: string }; Body: wire.UpdateInboxNotificationReadStatusRequest }>(
    '/:id/read-status',
    {
      schema: {
        operationId: 'update-read-status-of-a-notification',
        summary: 'Update read status of a notification',
        tags: ['Notifications'],
        body: wire.UpdateInboxNotificationReadStatusRequest,
        response: { 200: wire.UpdateInboxNotificationReadStatusResponse },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { message, unread } = await inbox.markRead(actorCtxOf(request), id, request.body.is_read);
      return { notification: presentInboxMessage(message), unread_count: unread };
    },
  );

  app.put(
    '/mark-all-as-read',
    {
      schema: {
        operationId: 'mark-all-unread-notifications-as-read',
        summary: 'Mark all unread notifications as read',
        tags: ['Notifications'],
        response: { 204: Empty },
      },
    },
    async (request, reply) => {
      await inbox.markAllRead(actorCtxOf(request));
      return reply.code(204).send();
    },
  );
}
