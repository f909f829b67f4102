// Wire types of the report on health.
import { z } from 'zod';
import { count, map, nothing, whole } from './answers.ts';
import { QueryText, Time } from './common.ts';
import { MAX_DESCRIPTION, MAX_KNOWN, MAX_SECTIONS, MAX_WORD } from './sizes.ts';
import { goString, list, text } from './wire.ts';

/** The sections that can be dismissed, by the names that clients have for them. */
export const HEALTH_SECTIONS = [
  ...['DERP', 'AccessURL', 'Websocket', 'Database', 'WorkspaceProxy', 'ProvisionerDaemons'],
] as const;

const base = {
  ...{ healthy: z.boolean(), severity: z.enum(['ok', 'warning', 'error']), dismissed: z.boolean() },
  error: text(MAX_DESCRIPTION).optional(),
  warnings: list(
    z.object({ code: text(MAX_WORD), message: text(MAX_DESCRIPTION) }).meta({ id: 'health.Message' }),
    MAX_KNOWN,
  ),
};
const section = <T extends z.ZodRawShape>(more: T) => z.object({ ...base, ...more });

export const HealthcheckReport = z
  .object({
    time: Time,
    healthy: z.boolean(),
    severity: z.enum(['ok', 'warning', 'error']),
    derp: section({ regions: map(z.unknown(), 0, MAX_WORD), netcheck_logs: list(text(MAX_DESCRIPTION), MAX_KNOWN) }),
    access_url: section({
      ...{
        access_url: z.string(),
        reachable: z.boolean(),
        status_code: whole(0, 999),
        healthz_response: text(MAX_DESCRIPTION),
      },
    }),
    websocket: section({ body: text(MAX_DESCRIPTION), code: whole(0, 999) }),
    database: section({
      ...{ reachable: z.boolean(), latency: text(MAX_WORD), latency_ms: count(), threshold_ms: count() },
    }),
    workspace_proxy: section({ workspace_proxies: z.object({ regions: nothing() }) }),
    provisioner_daemons: section({ items: nothing() }),
    coder_version: z.string(),
    /** Ours: where they are set up. */
    mail: section({}).optional(),
    identity_provider: section({}).optional(),
  })
  .meta({ id: 'healthsdk.HealthcheckReport' });
export type HealthcheckReport = z.infer<typeof HealthcheckReport>;

export const HealthQuery = z.object({
  force: QueryText('Force a healthcheck to run'),
  format: QueryText('json, or text for people'),
});

export const UpdateHealthSettings = z
  .object({ dismissed_healthchecks: list(goString(MAX_WORD), MAX_SECTIONS).nullable().default(null) })
  .meta({ id: 'healthsdk.UpdateHealthSettings' });
export type UpdateHealthSettings = z.output<typeof UpdateHealthSettings>;

export const HealthSettings = z
  .object({ dismissed_healthchecks: list(text(MAX_WORD), MAX_SECTIONS).nullable() })
  .meta({ id: 'healthsdk.HealthSettings' });
