// The kinds of notifications: which there are, and by which method each is delivered.
import { NOTIFICATION_TEMPLATES, type NotificationTemplateText } from '../codersdk/notification-templates.ts';
import type { ActorCtx, Ctx } from '../ctx.ts';
import { badRequest, notFound } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { can } from '../rbac/authorize.ts';
import { notificationTemplateObject } from '../rbac/objects.ts';
import { findMethod, listMethods, upsertMethod } from '../store/notification-methods.ts';
import { withActor } from './actors.ts';
import { audit } from './audit.ts';
import { pathUuid } from './inbox.ts';

const METHODS = ['smtp', 'webhook', 'inbox'];

/** The methods that a deployment may use, and the one of templates that have none of their own. */
export const dispatchMethods = ({ config }: Ctx) => ({
  available: ['smtp', 'webhook'],
  default: config.notifications.method,
});

/** The templates of a kind by name, each with its chosen method (empty for the default). Golden: notify-settings */
export async function templatesOfKind(
  ctx: Ctx,
  kind: NotificationTemplateText['kind'],
): Promise<{ template: NotificationTemplateText; method: string }[]> {
  const methods = await listMethods(ctx.db);
  return NOTIFICATION_TEMPLATES.filter((one) => one.kind === kind).map((template) => ({
    template,
    method: methods.get(template.id) ?? '',
  }));
}

/**
 * The template in a path, for callers who may change it.
 * @throws ApiError 400 for an id that is none, 404 for an unknown one and for others
 */
export function requireChangeable(ctx: ActorCtx, writtenId: string): NotificationTemplateText {
  const id = pathUuid(writtenId);
  const template = NOTIFICATION_TEMPLATES.find((one) => one.id === id);
  if (!template || !can(ctx.actor.subject, 'update', notificationTemplateObject(id))) throw notFound();
  return template;
}

/**
 * Chooses the method of a template. Golden: notify-settings
 * @returns false when it is chosen already
 * @throws ApiError 400 for an unknown method, and as `requireChangeable`
 */
export async function chooseMethod(ctx: ActorCtx, writtenId: string, method: string): Promise<boolean> {
  const template = requireChangeable(ctx, writtenId);
  if (!METHODS.includes(method)) {
    throw badRequest('Invalid request to update notification template method', {
      validations: [
        {
          field: 'method',
          detail: `${quoted(method)} is not a valid method; ${METHODS.join(', ')} are the available options`,
        },
      ],
    });
  }
  return withActor(ctx, async (ctx) => {
    requireChangeable(ctx, writtenId);
    const before = (await findMethod(ctx.db, template.id)) ?? '';
    if (before === method) return false;
    await upsertMethod(ctx.db, template.id, method);
    await audit(ctx, {
      action: 'write',
      resourceType: 'notification_template',
      resourceId: template.id,
      resourceTarget: template.name,
      before: { method: before },
      after: { method },
    });
    return true;
  });
}
