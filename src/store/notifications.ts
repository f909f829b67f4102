// Which notifications a user has switched off or on again, as rows.
import { eq, sql } from 'drizzle-orm';
import { readable } from './columns.ts';
import type { Db } from './db.ts';
import { notificationPreferences } from './schema-belongings.ts';

export interface NotificationPreferenceRow {
  templateId: string;
  disabled: boolean;
  updatedAt: string;
}

/** The templates that a user ever set, oldest setting first. */
export async function listNotificationPreferences(db: Db, userId: string): Promise<NotificationPreferenceRow[]> {
  return db
    .select(
      readable({
        templateId: notificationPreferences.templateId,
        disabled: notificationPreferences.disabled,
        updatedAt: notificationPreferences.updatedAt,
      }),
    )
    .from(notificationPreferences)
    .where(eq(notificationPreferences.userId, userId))
    .orderBy(notificationPreferences.createdAt, notificationPreferences.templateId);
}

/** Sets several templates at once; others stay. */
export async function upsertNotificationPreferences(
  db: Db,
  userId: string,
  disabled: ReadonlyMap<string, boolean>,
  now: string,
): Promise<void> {
  if (disabled.size === 0) return;
  const rows = [...disabled].map(([templateId, disabled]) => ({
    userId,
    templateId,
    disabled,
    createdAt: now,
    updatedAt: now,
  }));
  await db
    .insert(notificationPreferences)
    .values(rows)
    .onConflictDoUpdate({
      target: [notificationPreferences.userId, notificationPreferences.templateId],
      set: { disabled: sql`excluded.disabled`, updatedAt: sql`excluded.updated_at` },
    });
}
