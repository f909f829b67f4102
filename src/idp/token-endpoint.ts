// What token endpoints are asked and answer: one form post and one lenient reader for every kind of provider.
import { cleanText } from './claims.ts';
import { jsonObject, mediaType, postForm } from './http.ts';
import { ProviderFailure, ProviderRefusal, providerError } from './provider-error.ts';

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

/** Of tokens that are kept. */
const MAX_TOKEN_LENGTH = 64 * 1024;
const MAX_EXPIRY_SECONDS = 2 ** 31 - 1;
/** Words of RFC 6749 and its kin for "not now" rather than "no". */
const FAILURES = new Set(['server_error', 'temporarily_unavailable']);
const REFUSING_STATUSES = new Set([400, 401, 403]);

/** What a provider says of an error is shown, but not without end. */
const MAX_WORDS = 1000;
/** RFC 6749 knows no other characters in a token. */
const TOKEN = /^[ -~]*$/;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const words = (value: unknown): string => cleanText(text(value)).slice(0, MAX_WORDS);

/** A token endpoint's answer as fields; some providers answer like a form. */
function fieldsOf(body: string, type: string): Record<string, unknown> | undefined {
  const isForm = type === 'application/x-www-form-urlencoded' || type === 'text/plain';
  return jsonObject(body) ?? (isForm && body.includes('=') ? Object.fromEntries(new URLSearchParams(body)) : undefined);
}

/**
 * Reads what a token endpoint answers, as leniently as clients always have: an error with status 200, a form instead of
 * JSON, numbers as text, no token_type.
 * @throws ProviderRefusal when it says no, ProviderFailure when the answer cannot be used
 */
async function readTokens(response: Response): Promise<ProviderTokens> {
  const fields = fieldsOf(await response.text(), mediaType(response));
  const error = words(fields?.error);
  if (error !== '' && !FAILURES.has(error) && response.status < 500) {
    throw new ProviderRefusal(error, words(fields?.error_description));
  }
  if (REFUSING_STATUSES.has(response.status)) throw new ProviderRefusal('', `status ${response.status}`);
  if (!response.ok || error !== '') {
    throw new ProviderFailure(`the provider answered with ${error === '' ? `status ${response.status}` : error}`);
  }
  if (!fields) throw new ProviderFailure('the answer of the provider is not JSON');
  const accessToken = text(fields.access_token);
  if (accessToken === '') throw new ProviderFailure('the answer of the provider holds no access_token');
  const refreshToken = text(fields.refresh_token);
  for (const token of [accessToken, refreshToken]) {
    if (token.length > MAX_TOKEN_LENGTH || !TOKEN.test(token))
      throw new ProviderFailure('the tokens of the provider cannot be used');
  }
  const seconds = Math.min(Number(fields.expires_in ?? 0), MAX_EXPIRY_SECONDS);
  return {
    accessToken,
    refreshToken,
    expiresInSeconds: seconds > 0 ? seconds : undefined,
    idToken: fields.id_token,
  };
}

/**
 * Asks a token endpoint for tokens.
 * @param form the grant with its parameters, and what proves the client unless `headers` do
 * @throws ProviderRefusal, ProviderFailure
 */
export async function requestTokens(
  url: string,
  form: URLSearchParams,
  signal: AbortSignal,
  headers = new Headers(),
): Promise<ProviderTokens> {
  headers.set('accept', 'application/json');
  try {
    return await readTokens(await postForm('token', url, form, headers, signal));
  } catch (err) {
    throw providerError(err);
  }
}
