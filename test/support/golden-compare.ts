// How an answer differs from the recorded one, or from what is right where this product is better on purpose.
import type { Json, Step } from './golden-steps.ts';

export interface Sent {
  statusCode: number;
  headers: Record<string, string | string[] | number | undefined>;
  text: string;
}

/** What differs from run to run, as the placeholders of the recordings. */
const PLACEHOLDERS: [placeholder: string, pattern: RegExp][] = [
  ['<uuid>', /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g],
  ['<time>', /\b(?!0001-01-01T00:00:00Z|1970-01-01T00:00:00Z)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g],
  ['<token>', /\b[A-Za-z0-9]{10}-[A-Za-z0-9]{22}\b/g],
  ['csrf_token=<csrf>', /csrf_token=[^;"]+/g],
  ['<sshkey>', /ssh-ed25519 [A-Za-z0-9+/=]{60,}/g],
];

function normal(value: Json | undefined, vars: Map<string, string>, key = ''): Json | undefined {
  if (typeof value === 'string') {
    let text = value;
    for (const [name, saved] of vars) if (saved.length >= 8) text = text.split(saved).join(`{{${name}}}`);
    for (const [placeholder, pattern] of PLACEHOLDERS) text = text.replace(pattern, placeholder);
    return key === 'id' && /^[A-Za-z0-9]{10}$/.test(text) ? '<keyid>' : text;
  }
  if (Array.isArray(value)) return value.map((item) => normal(item, vars) ?? null);
  if (value && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [normal(name, vars), normal(inner, vars, name)]),
    );
  }
  return value;
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)]),
        )
      : value;
const stable = (value: unknown) => JSON.stringify(sorted(value));
const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function compare(
  want: Json | undefined,
  got: Json | undefined,
  where: string,
  step: Step,
  unordered: boolean,
  out: string[],
): void {
  const leaf = where.split('.').at(-1) ?? '';
  if (step.lax?.includes(leaf) || step.lax?.includes(where.replace(/^body\./, ''))) {
    if ((want === undefined) !== (got === undefined))
      out.push(`${where}: want ${want === undefined ? 'absent' : 'present'}`);
  } else if (want === '<any>') {
    if (got === undefined) out.push(`${where}: absent`);
  } else if (Array.isArray(want) && Array.isArray(got) && want.length === got.length) {
    const [a, b] = unordered
      ? [want, got].map((list) => [...list].sort((x, y) => (stable(x) < stable(y) ? -1 : 1)))
      : [want, got];
    for (const [i, item] of (a ?? []).entries()) compare(item, b?.[i], `${where}.${i}`, step, unordered, out);
  } else if (isObject(want) && isObject(got)) {
    for (const key of new Set([...Object.keys(want), ...Object.keys(got)]))
      compare(want[key], got[key], `${where}.${key}`, step, unordered, out);
  } else if (stable(want) !== stable(got))
    out.push(`${where}: want ${stable(want)?.slice(0, 200)}, got ${stable(got)?.slice(0, 200)}`);
}

/** Words that only an engine says: the database, its driver, SQL, the permission engine, the runtime. */
const ENGINE =
  /\bpq:|SQLSTATE|\bsql\b|postgres|drizzle|\brego\b|violates|duplicate key|relation "|syntax error at|\binsert into\b|node:|\bECONN|\n\s*at |\[object /i;

/** What a client reads when there is nothing at a path for it (docs/differences.md 1 and 4). */
const NOT_FOUND = 'Resource not found or you do not have access to this resource';

const isText = (value: Json | undefined): value is string => typeof value === 'string' && value !== '';

/** What is wrong with the form of a refusal: {message, detail?, validations?}, in words for people. */
export function refusalFaults(body: Json | undefined): string[] {
  if (!isObject(body)) return [`body: want an object with a message, got ${JSON.stringify(body)?.slice(0, 200)}`];
  const { message, detail, validations, ...rest } = body;
  const listed = Array.isArray(validations) ? validations : [];
  return [
    ...(isText(message) ? [] : ['body.message: want a text']),
    ...(detail === undefined || typeof detail === 'string' ? [] : ['body.detail: want a text']),
    ...(validations === undefined || listed.length > 0 ? [] : ['body.validations: want a list with something in it']),
    ...listed.flatMap((entry, i) =>
      isObject(entry) && isText(entry.field) && isText(entry.detail) && Object.keys(entry).length === 2
        ? []
        : [`body.validations.${i}: want field and detail`],
    ),
    ...Object.keys(rest).map((key) => `body.${key}: no part of a refusal`),
    ...(ENGINE.test(JSON.stringify(body)) ? [`body: an engine's words: ${JSON.stringify(body).slice(0, 200)}`] : []),
  ];
}

/** Where a value is formed like none of those recorded at its place: another type, fields too many or too few. */
export function shapeFaults(recorded: readonly Json[], got: Json, where = 'body'): string[] {
  if (Array.isArray(got)) {
    const lists = recorded.filter(Array.isArray);
    const items = lists.flat();
    if (lists.length === 0) return [`${where}: is a list`];
    return items.length === 0 ? [] : got.flatMap((item, i) => shapeFaults(items, item, `${where}.${i}`));
  }
  if (!isObject(got)) {
    const kind = (value: Json) => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);
    return recorded.some((value) => kind(value) === kind(got)) ? [] : [`${where}: is ${kind(got)}`];
  }
  const objects = recorded.filter(isObject);
  const known = new Set(objects.flatMap(Object.keys));
  return [
    ...(objects.length > 0 ? [] : [`${where}: is an object`]),
    ...[...known].flatMap((key) =>
      key in got || objects.some((object) => !(key in object)) ? [] : [`${where}.${key}: absent`],
    ),
    ...Object.entries(got).flatMap(([key, value]) =>
      known.has(key)
        ? shapeFaults(
            objects.flatMap((object) => (key in object ? [object[key] ?? null] : [])),
            value,
            `${where}.${key}`,
          )
        : [`${where}.${key}: was never recorded`],
    ),
  ];
}

/** An answer with another status than the recorded one, or the same with other contents: its form and message count. */
function betterFaults(
  { better, expect, no_body }: Step & { better: NonNullable<Step['better']> },
  { statusCode, text }: Sent,
  body: Json | undefined,
): string[] {
  if (!better.status.includes(statusCode))
    return [`status: want ${better.status.join(' or ')} (${better.why}), got ${statusCode} ${text.slice(0, 200)}`];
  const asRecorded = statusCode === expect.status;
  const recorded = asRecorded && isObject(expect.body) ? expect.body.message : undefined;
  const message = better.message ?? recorded ?? (statusCode === 404 ? NOT_FOUND : undefined);
  const got = isObject(body) ? body.message : undefined;
  const faults =
    message === undefined || message === got ? [] : [`body.message: want ${JSON.stringify(message)}, got ${text}`];
  if (statusCode >= 400) return [...faults, ...refusalFaults(body)];
  if (statusCode === 204) return text === '' ? faults : [...faults, `body: want none, got ${text.slice(0, 200)}`];
  if (body === undefined || no_body) return [...faults, ...(no_body ? [] : ['body: absent'])];
  if (asRecorded && expect.body !== undefined) return [...faults, ...shapeFaults([expect.body], body)];
  return [...faults, ...(typeof body !== 'object' || got !== undefined ? [`body: no answer: ${text}`] : [])];
}

/** How an answer differs from what was recorded, `better` left aside. */
function recordedFaults(step: Step, sent: Sent, body: Json | undefined, vars: Map<string, string>): string[] {
  if (step.expect.status >= 500) {
    const refused = sent.statusCode >= 400 && sent.statusCode < 500;
    return refused ? refusalFaults(body) : [`status: want a 4xx, got ${sent.statusCode} ${sent.text.slice(0, 200)}`];
  }
  if (sent.statusCode !== step.expect.status)
    return [`status: want ${step.expect.status}, got ${sent.statusCode} ${sent.text.slice(0, 200)}`];
  const out: string[] = [];
  const kept = (step.keep_headers ?? []).flatMap((name): [string, Json][] =>
    sent.headers[name] === undefined ? [] : [[name, sent.headers[name] as Json]],
  );
  const headers = normal(Object.fromEntries(kept), vars);
  if (step.keep_headers?.length) compare(step.expect.headers ?? {}, headers, 'headers', step, false, out);
  if (!step.no_body) compare(step.expect.body, normal(body, vars), 'body', step, step.unordered ?? false, out);
  return out;
}

/**
 * How an answer differs from what is right.
 * @param vars what was saved so far, by name: recordings hold the names
 */
export function differences(step: Step, sent: Sent, body: Json | undefined, vars: Map<string, string>): string[] {
  if (!step.better) return recordedFaults(step, sent, body, vars);
  if (step.overridden && recordedFaults(step, sent, body, vars).length === 0)
    return ['is as recorded: overrides.json names it for nothing'];
  return betterFaults({ ...step, better: step.better }, sent, body);
}
