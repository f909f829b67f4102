// Fires hostile requests at a server and tells what it may not do: fail, fall silent, refuse in an undocumented form.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiDocument } from '../../src/http/openapi.ts';
import { isApi, requestTarget } from '../../src/http/paths.ts';
import { packageRoot } from '../../src/package-root.ts';
import { type HostileRequest, hostileBytesOnWire, hostileRequests, type Targets } from './hostile.ts';
import { seededRandom } from './random.ts';
import { firstAnswer, Wire, type WireAnswer } from './wire.ts';

/** The contract document. */
const readDocument = (): ApiDocument => JSON.parse(readFileSync(join(packageRoot, 'openapi', 'openapi.json'), 'utf8'));

const CSRF = /^(Something is wrong with your CSRF token|CSRF error encountered)/;
const isText = (value: unknown) => typeof value === 'string' && value !== '';

/** Whether a body is a refusal as documented: message, and perhaps detail and validations (a field may have no name: `?=x`). */
function isDocumented(text: string): boolean {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const { message, detail, validations, ...others } = body as Record<string, unknown>;
  const named = validations ?? [];
  return (
    isText(message) &&
    (detail === undefined || typeof detail === 'string') &&
    Array.isArray(named) &&
    named.length <= 20 &&
    named.every((one) => typeof one.field === 'string' && isText(one.detail)) &&
    Object.keys(others).length === 0
  );
}

/** Refusals in plain text that clients know from the recorded server. */
function isRecordedText(status: number, text: string): boolean {
  if (status === 400) return CSRF.test(text);
  if (status === 428) return text.startsWith('"X-Coder-Bypass-Ratelimit"');
  return status === 405 && text === '';
}

/** What is wrong with the answer to a hostile request; undefined when nothing is. */
function complaint(
  { method, target }: Pick<HostileRequest, 'method' | 'target'>,
  answer: WireAnswer | undefined | 'silence',
): string | undefined {
  if (answer === 'silence') return 'no answer in time';
  if (answer === undefined) return 'cut off without an answer';
  const { status, headers } = answer;
  const text = answer.body.toString();
  if (Number.isNaN(status)) return 'no status line';
  if (status === 503) return headers.has('retry-after') && isDocumented(text) ? undefined : 'an unnamed 503';
  if (status >= 500) return `${status} ${text}`;
  if (status < 400 || method === 'HEAD' || !isApi(requestTarget(target).path)) return undefined;
  return isDocumented(text) || isRecordedText(status, text)
    ? undefined
    : `${status} in no documented form: ${text.slice(0, 200)}`;
}

/** What is wrong with what came back first for bytes that were no request. */
function rawComplaint(received: Buffer): string | undefined {
  const answer = received.length > 0 ? firstAnswer(received, false)?.answer : undefined;
  // Nobody answers half a request; 100 Continue may have been said.
  if (answer === undefined)
    return /^(HTTP\/1\.1 |$)/.test(received.toString('latin1', 0, 9)) ? undefined : `no HTTP: ${shown(received)}`;
  return complaint({ method: 'GET', target: '/api/' }, answer);
}

/** Bytes for a reader: escaped, long runs of one character shortened. */
const shown = (bytes: Buffer) =>
  JSON.stringify(bytes.toString('latin1').replace(/(.)\1{15,}/gs, (run, one) => `${one}{${run.length}}`)).slice(
    0,
    1500,
  );

export interface Outcome {
  /** How many answers had each status; `none` for bytes that got none. */
  statuses: Record<string, number>;
  /** Each fault with the request that led to it. */
  faults: string[];
}

interface Options {
  url: string;
  seed: number;
  requests: number;
  connections: number;
  /** Gives keys that work and names that exist; asked again every few hundred requests, since owners may delete anybody. */
  renew: () => Promise<Targets>;
}

const RENEW_EVERY = 150;
const RAW_EVERY = 25;
/** A server has nothing to say to half a request. */
const RAW_WAIT_MS = 300;

/** The choices behind a request depend on its number alone, whatever came back for others and when. */
const choicesOf = (seed: number, number: number) =>
  seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));

/** Fires so many requests, and for each two dozen of them one volley of bytes that are no request. */
export async function barrage({ url, seed, requests, connections, renew }: Options): Promise<Outcome> {
  const requestOf = hostileRequests(readDocument());
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  let sent = 0;
  let targets = await renew();
  let renewing: Promise<void> | undefined;
  const count = (status: number | string) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  async function fire(wire: Wire): Promise<void> {
    const number = sent;
    sent += 1;
    const random = choicesOf(seed, number);
    const note = (fault: string | undefined, bytes: Buffer) => {
      if (fault) faults.push(`${fault}\n  #${number}: ${shown(bytes)}`);
    };
    if (number % RAW_EVERY === RAW_EVERY - 1) {
      const { bytes, leaves } = hostileBytesOnWire(random);
      const received = await wire.throwAt(bytes, leaves ? 0 : RAW_WAIT_MS);
      count(/^HTTP\/1\.1 (\d+)/.exec(received.toString('latin1'))?.[1] ?? 'none');
      note(rawComplaint(received), bytes);
      return;
    }
    if (number % RENEW_EVERY === RENEW_EVERY - 2) {
      renewing ??= renew().then((fresh) => {
        targets = fresh;
        renewing = undefined;
      });
      await renewing;
    }
    const request = requestOf(random, targets);
    const answer = await wire.send(request.bytes, request.method === 'HEAD');
    count(typeof answer === 'object' ? answer.status : 'none');
    note(complaint(request, answer), request.bytes);
  }
  const wires = Array.from({ length: connections }, () => new Wire(url));
  await Promise.all(
    wires.map(async (wire) => {
      while (sent < requests && faults.length < 50) await fire(wire);
      wire.close();
    }),
  );
  return { statuses, faults };
}
