// Requests to identity providers, bounded in time and in the size of their answers.
import { ProviderFailure } from './provider-error.ts';

/** All requests to the provider that one request of a client causes must be done within this time. */
export const PROVIDER_MS = 4000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The end of the time that providers have, from now on. */
export const providerDeadline = (): AbortSignal => AbortSignal.timeout(PROVIDER_MS);

/** The result of `work` if it is there before the deadline. @throws what `work` throws, or the deadline's TimeoutError */
export async function within<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const giveUp = () => late.reject(deadline.reason);
  deadline.addEventListener('abort', giveUp);
  if (deadline.aborted) giveUp();
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    deadline.removeEventListener('abort', giveUp);
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new ProviderFailure('the answer of the provider is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `fetch` whose answer is there as a whole, 1 MiB at most. @throws ProviderFailure for more, and what `fetch` throws */
export async function fetchBounded(url: string | URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const text = await readText(response);
  return new Response(text === '' ? null : text, { status: response.status, headers: response.headers });
}

/** Posts a form. A redirect is no answer: what the form holds is for one address. @throws as `fetchBounded` */
export const postForm = (url: string, body: URLSearchParams, headers: Headers, signal: AbortSignal) =>
  fetchBounded(url, { method: 'POST', body, headers, signal, redirect: 'manual' });

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
