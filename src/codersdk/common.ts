// Wire types that many operations share.
import { z } from 'zod';
import { MAX_INT32, MAX_QUERY_PARAMETER } from './sizes.ts';

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

/** Query parameters, which every operation reads as text of at most so many bytes, in words of its own for bad ones. */
export const QueryText = (description: string) =>
  z.string().meta({ maxLength: MAX_QUERY_PARAMETER }).optional().describe(description);
export const QueryUuid = (description: string) =>
  z.string().meta({ format: 'uuid', maxLength: MAX_QUERY_PARAMETER }).optional().describe(description);
export const QueryCount = (description: string) => z.int().min(0).max(MAX_INT32).optional().describe(description);

export const LoginType = z.enum(['', 'password', 'github', 'oidc', 'token', 'none']).meta({ id: 'codersdk.LoginType' });
export const UserStatus = z.enum(['active', 'dormant', 'suspended']).meta({ id: 'codersdk.UserStatus' });
