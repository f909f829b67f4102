// Wire types that many operations share.
import { z } from 'zod';
import {
  MAX_INT32,
  MAX_LABEL,
  MAX_QUERY_PARAMETER,
  MAX_REFUSAL,
  MAX_TIME,
  MAX_UUID,
  MAX_VALIDATIONS,
  MAX_WORD,
} from './sizes.ts';
import { list, text } from './wire.ts';

const ValidationError = z
  .object({ field: text(MAX_REFUSAL).meta({ required: true }), detail: text(MAX_REFUSAL).meta({ required: true }) })
  .meta({ id: 'codersdk.ValidationError' });

/** What every refusal and some successes look like. */
export const Response = z
  .object({
    message: text(MAX_REFUSAL),
    detail: text(MAX_REFUSAL).optional(),
    validations: list(ValidationError, MAX_VALIDATIONS).optional(),
  })
  .meta({ id: 'codersdk.Response' });
export type Response = z.infer<typeof Response>;

/** An answer without body. */
export const Empty = z.undefined();

export const SlimRole = z
  .object({ name: text(MAX_WORD), display_name: text(MAX_LABEL), organization_id: text(MAX_UUID).optional() })
  .meta({ id: 'codersdk.SlimRole' });
export type SlimRole = z.infer<typeof SlimRole>;

export const Uuid = text(MAX_UUID).meta({ format: 'uuid' });
export const Time = text(MAX_TIME).meta({ format: 'date-time' });

/** Query parameters, which every operation reads as text of at most so many bytes, in words of its own for bad ones. */
export const QueryText = (description: string) => text(MAX_QUERY_PARAMETER).optional().describe(description);
export const QueryUuid = (description: string) =>
  text(MAX_QUERY_PARAMETER).meta({ format: 'uuid' }).optional().describe(description);
export const QueryCount = (description: string) => z.int().min(0).max(MAX_INT32).optional().describe(description);

export const LoginType = z.enum(['', 'password', 'github', 'oidc', 'token', 'none']).meta({ id: 'codersdk.LoginType' });
export const UserStatus = z.enum(['active', 'dormant', 'suspended']).meta({ id: 'codersdk.UserStatus' });
