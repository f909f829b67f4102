// Requests to identity providers: bounded in time and size, and the one reader of what token endpoints answer.
import { ProviderFailure, ProviderRefusal } from './provider-error.ts';

/** All requests to the provider that one request of a client causes must be done within this time. */
const PROVIDER_MS = 4000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_EXPIRY_SECONDS = 2 ** 31 - 1;

/** The end of the time that providers have, from now on. */
export const providerDeadline = (): AbortSignal => AbortSignal.timeout(PROVIDER_MS);

/** The text of an answer. @throws ProviderFailure when it is too long */
export async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new ProviderFailure('the answer of the provider is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The object that a JSON text holds; undefined for anything else. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The media type of an answer in lower case, without parameters. */
export const mediaType = (response: Response): string =>
  (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** What a provider gives for a code or a refresh token. */
export interface ProviderTokens {
  readonly accessToken: string;
  /** Empty when the provider gave none. */
  readonly refreshToken: string;
  /** Undefined for a token that never expires. */
  readonly expiresInSeconds: number | undefined;
  /** As sent, not checked yet; undefined when it was not. */
  readonly idToken: unknown;
}

/** A token endpoint's answer as fields; some providers answer like a form. */
function fieldsOf(text: string, type: string): Record<string, unknown> | undefined {
  const isForm = type === 'application/x-www-form-urlencoded' || type === 'text/plain';
  return jsonObject(text) ?? (isForm && text.includes('=') ? Object.fromEntries(new URLSearchParams(text)) : undefined);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Words of RFC 6749 and its kin for "not now" rather than "no". */
const FAILURES = new Set(['server_error', 'temporarily_unavailable']);
const REFUSING_STATUSES = new Set([400, 401, 403]);

/**
 * Reads what a token endpoint answers, as leniently as clients always have: an error with status 200, a form instead of
 * JSON, numbers as text, no token_type.
 * @throws ProviderRefusal when it says no, ProviderFailure when the answer cannot be used
 */
export async function readTokens(response: Response): Promise<ProviderTokens> {
  const fields = fieldsOf(await readText(response), mediaType(response));
  const error = text(fields?.error);
  if (error !== '' && !FAILURES.has(error) && response.status < 500) {
    throw new ProviderRefusal(error, text(fields?.error_description));
  }
  if (REFUSING_STATUSES.has(response.status)) throw new ProviderRefusal('', `status ${response.status}`);
  if (!response.ok || error !== '') {
    throw new ProviderFailure(`the provider answered with ${error === '' ? `status ${response.status}` : error}`);
  }
  if (!fields) throw new ProviderFailure('the answer of the provider is not JSON');
  const accessToken = text(fields.access_token);
  if (accessToken === '') throw new ProviderFailure('the answer of the provider holds no access_token');
  const seconds = Math.min(Number(fields.expires_in ?? 0), MAX_EXPIRY_SECONDS);
  return {
    accessToken,
    refreshToken: text(fields.refresh_token),
    expiresInSeconds: seconds > 0 ? seconds : undefined,
    idToken: fields.id_token,
  };
}
