// Wire types that many operations share.
import { z } from 'zod';

const ValidationError = z
  .object({ field: z.string().meta({ required: true }), detail: z.string().meta({ required: true }) })
  .meta({ id: 'codersdk.ValidationError' });

/** What every refusal and some successes look like. */
export const Response = z
  .object({
    message: z.string(),
    detail: z.string().optional(),
    validations: z.array(ValidationError).optional(),
  })
  .meta({ id: 'codersdk.Response' });
export type Response = z.infer<typeof Response>;

/** An answer without body. */
export const Empty = z.undefined();

export const SlimRole = z
  .object({ name: z.string(), display_name: z.string(), organization_id: z.string().optional() })
  .meta({ id: 'codersdk.SlimRole' });
export type SlimRole = z.infer<typeof SlimRole>;

export const Uuid = z.string().meta({ format: 'uuid' });
export const Time = z.string().meta({ format: 'date-time' });

export const LoginType = z.enum(['', 'password', 'github', 'oidc', 'token', 'none']).meta({ id: 'codersdk.LoginType' });
export const UserStatus = z.enum(['active', 'dormant', 'suspended']).meta({ id: 'codersdk.UserStatus' });
