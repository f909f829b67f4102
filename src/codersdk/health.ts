// Wire types of the report on health.
import { z } from 'zod';
import { QueryText, Time } from './common.ts';
import { MAX_SECTIONS, MAX_WORD } from './sizes.ts';
import { goString, list } from './wire.ts';

/** The sections that can be dismissed, by the names that clients have for them. */
export const HEALTH_SECTIONS = [
  ...['DERP', 'AccessURL', 'Websocket', 'Database', 'WorkspaceProxy', 'ProvisionerDaemons'],
] as const;

const base = {
  ...{ healthy: z.boolean(), severity: z.enum(['ok', 'warning', 'error']), dismissed: z.boolean() },
  error: z.string().optional(),
  warnings: z.array(z.object({ code: z.string(), message: z.string() }).meta({ id: 'health.Message' })),
};
const section = <T extends z.ZodRawShape>(more: T) => z.object({ ...base, ...more });

export const HealthcheckReport = z
  .object({
    time: Time,
    healthy: z.boolean(),
    severity: z.enum(['ok', 'warning', 'error']),
    derp: section({ regions: z.record(z.string(), z.unknown()), netcheck_logs: z.array(z.string()) }),
    access_url: section({
      ...{ access_url: z.string(), reachable: z.boolean(), status_code: z.int(), healthz_response: z.string() },
    }),
    websocket: section({ body: z.string(), code: z.int() }),
    database: section({
      ...{ reachable: z.boolean(), latency: z.string(), latency_ms: z.int(), threshold_ms: z.int() },
    }),
    workspace_proxy: section({ workspace_proxies: z.object({ regions: z.array(z.unknown()) }) }),
    provisioner_daemons: section({ items: z.array(z.unknown()) }),
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
  .object({ dismissed_healthchecks: z.array(z.string()).nullable() })
  .meta({ id: 'healthsdk.HealthSettings' });
