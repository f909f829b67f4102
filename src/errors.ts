// The one error class of this server: status and message are what the client sees, so they are written where thrown.
import { MAX_REFUSAL, MAX_VALIDATIONS } from './codersdk/sizes.ts';
import { cutTo, fitsInto } from './golang/text.ts';
import type { Trouble } from './store/errors.ts';

/** One entry of `validations` in an error answer (codersdk.ValidationError). */
export interface FieldProblem {
  field: string;
  detail: string;
}

interface ErrorOptions {
  detail?: string;
  validations?: FieldProblem[];
  headers?: Record<string, string>;
  cause?: unknown;
  /** Fields beside `message` that an operation documents for its refusal. */
  extra?: Record<string, unknown>;
}

const CUT = '…';
/** A text that may hold what somebody sent, in the size that the contract document states for it. */
const shown = (text: string): string =>
  fitsInto(text, MAX_REFUSAL) ? text : `${cutTo(text, MAX_REFUSAL - Buffer.byteLength(CUT))}${CUT}`;

/**
 * An answer other than success: rendered by http/error-handler.ts as {message, detail?, validations?}. However long a text in
 * it is and however much is wrong, the answer has a size (docs/differences.md 24).
 */
export class ApiError extends Error {
  readonly status: number;
  readonly detail: string | undefined;
  readonly validations: FieldProblem[] | undefined;
  readonly headers: Record<string, string> | undefined;
  readonly extra: Record<string, unknown> | undefined;

  constructor(status: number, message: string, options: ErrorOptions = {}) {
    super(shown(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.status = status;
    this.detail = options.detail === undefined ? undefined : shown(options.detail);
    this.validations = options.validations
      ?.slice(0, MAX_VALIDATIONS)
      .map(({ field, detail }) => ({ field: shown(field), detail: shown(detail) }));
    this.headers = options.headers;
    this.extra = options.extra;
  }
}

/** 404 that tells nothing: the target is missing, or the caller may not see it. */
export const notFound = () => new ApiError(404, 'Resource not found or you do not have access to this resource');

/** 403 with the usual words. */
export const forbidden = () =>
  new ApiError(403, 'Forbidden.', {
    detail:
      "You don't have permission to view this content. If you believe this is a mistake, please contact your administrator or try signing in with different credentials.",
  });

export const badRequest = (message: string, options?: ErrorOptions) => new ApiError(400, message, options);
export const conflict = (message: string, options?: ErrorOptions) => new ApiError(409, message, options);
export const unavailable = (message: string, options?: ErrorOptions) => new ApiError(503, message, options);

const TROUBLES: Readonly<Record<Trouble, string>> = {
  unreachable: 'The database cannot be reached right now.',
  'read-only': 'The database is read-only right now.',
  'out of space': 'The database is out of space.',
  'too slow': 'The database is too slow right now.',
};

/** 503 that tells what keeps the database from serving (docs/differences.md 33). */
export const databaseUnavailable = (trouble: Trouble, cause?: unknown) =>
  unavailable(TROUBLES[trouble], { cause, headers: { 'retry-after': '1' } });

/** 400 `Validation failed.` with one entry per bad field. */
export const invalid = (...validations: FieldProblem[]) => new ApiError(400, 'Validation failed.', { validations });

/** 403 for what gives power over people while the key in use is limited (docs/differences.md 23). */
export const limitedKey = () =>
  new ApiError(403, 'Forbidden.', {
    detail:
      'The key in use is limited by its scopes or its allow list. What gives power over an account needs a session or an unlimited key.',
  });

export const SIGNED_OUT = 'You are signed out or your session has expired. Please sign in again to continue.';

/** 401 with the challenge that OAuth clients read (golden: session-token-sources). */
export function unauthenticated(accessUrl: string, message: string, detail?: string): ApiError {
  const expired = message.includes('expired') || detail?.includes('expired');
  const challenge = `Bearer realm="coder", error="invalid_token", error_description="The access token ${expired ? 'has expired' : 'is invalid'}", resource_metadata="${accessUrl}/.well-known/oauth-protected-resource"`;
  return new ApiError(401, message, {
    ...(detail !== undefined && { detail }),
    headers: { 'www-authenticate': challenge },
  });
}

/** 404 for a path that no operation serves. */
export const routeNotFound = () => new ApiError(404, 'Route not found.');
