// Requests to identity providers, bounded in time and in the size of their answers.
import { type ProviderQuestion, providerAsked } from '../watch/events.ts';
import { currentScope } from '../watch/scope.ts';
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

/** The text of an answer, 1 MiB at most. @throws ProviderFailure for more */
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

const outcomeOf = (status: number) => (status >= 500 ? 'failed' : status >= 400 ? 'refused' : 'ok');

/**
 * `fetch` whose answer is there as a whole, 1 MiB at most.
 * @param question what it is about, for whoever watches
 * @throws ProviderFailure for more, and what `fetch` throws
 */
export async function fetchBounded(
  question: ProviderQuestion,
  url: string | URL,
  init: RequestInit,
): Promise<Response> {
  const startedAt = performance.now();
  const tell = (outcome: Parameters<typeof providerAsked.tell>[0]['outcome']) => {
    if (!providerAsked.isHeard) return;
    providerAsked.tell({ scope: currentScope(), question, outcome, startedAt, endedAt: performance.now() });
  };
  try {
    const response = await fetch(url, init);
    const text = await readText(response);
    tell(outcomeOf(response.status));
    return new Response(text === '' ? null : text, { status: response.status, headers: response.headers });
  } catch (err) {
    tell(init.signal?.aborted ? 'timeout' : 'unreachable');
    throw err;
  }
}

/** Posts a form. A redirect is no answer: what the form holds is for one address. @throws as `fetchBounded` */
export const postForm = (
  question: ProviderQuestion,
  url: string,
  body: URLSearchParams,
  headers: Headers,
  signal: AbortSignal,
) => fetchBounded(question, url, { method: 'POST', body, headers, signal, redirect: 'manual' });

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
