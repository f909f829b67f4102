// Replays recorded exchanges (test/golden/scenarios) against the app and tells what differs.
// The form of a step: method, path, body or raw, headers, `as`, `save`, `expect`, and `better` where this product is to
// be better than the reference: then that status counts. A recorded 5xx is met by a 4xx with a message only.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../golden/scenarios');

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Step {
  id: string;
  method: string;
  path: string;
  body?: Json;
  raw?: string;
  headers?: Record<string, string>;
  as?: string;
  wait?: number;
  save?: Record<string, string>;
  keep_headers?: string[];
  lax?: string[];
  unordered?: boolean;
  no_body?: boolean;
  better?: { status: number[]; why: string };
  expect: { status: number; headers?: Record<string, Json>; body?: Json };
}

export interface Scenario {
  name: string;
  env?: Record<string, string>;
  vars?: Record<string, string>;
  steps: Step[];
}

export interface Sent {
  statusCode: number;
  headers: Record<string, string | string[] | number | undefined>;
  text: string;
}

export type Send = (request: {
  method: string;
  path: string;
  body: string | undefined;
  headers: Record<string, string>;
}) => Promise<Sent>;

/** Names of all recorded scenarios. */
export const scenarioNames = () => readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));

export const readScenario = (name: string) =>
  JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Scenario;

/** The value with every {{NAME}} replaced by what was saved under it. */
function fill<T extends Json | undefined>(value: T, vars: Map<string, string>): T {
  if (typeof value === 'string') {
    return value.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
      const saved = vars.get(name);
      if (saved === undefined) throw new Error(`${name} was never saved`);
      return saved;
    }) as T;
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, vars)) as T;
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [fill(key, vars), fill(inner, vars)])) as T;
  }
  return value;
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

function savedValue(from: string, sent: Sent, body: Json | undefined): string | undefined {
  if (from.startsWith('cookie:')) {
    const cookies = [sent.headers['set-cookie'] ?? []].flat().map((cookie) => String(cookie).split(';')[0] ?? '');
    return cookies.find((cookie) => cookie.startsWith(`${from.slice(7)}=`))?.slice(from.length - 6);
  }
  if (from.startsWith('header:')) return String(sent.headers[from.slice(7)] ?? '') || undefined;
  if (from === 'key-id') return String((body as { key?: string })?.key ?? '').split('-')[0];
  let value: Json | undefined = body;
  for (const key of from.split('.')) value = (value as Record<string, Json> | undefined)?.[key];
  return value === undefined || value === null ? undefined : String(value);
}

function differences(step: Step, sent: Sent, body: Json | undefined, vars: Map<string, string>): string[] {
  if (step.better)
    return step.better.status.includes(sent.statusCode)
      ? []
      : [
          `status: want ${step.better.status.join(' or ')} (${step.better.why}), got ${sent.statusCode} ${sent.text.slice(0, 200)}`,
        ];
  if (step.expect.status >= 500) {
    const refused =
      sent.statusCode >= 400 && sent.statusCode < 500 && isObject(body) && typeof body.message === 'string';
    return refused ? [] : [`status: want a 4xx with a message, got ${sent.statusCode} ${sent.text.slice(0, 200)}`];
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
 * Plays a scenario.
 * @param url what {{URL}} stands for
 * @param known ids of steps that are sent but not compared: this product answers them better on purpose
 * @returns how many exchanges were compared, and for each that differs its id and the differences
 */
export async function replay(
  scenario: Scenario,
  url: string,
  send: Send,
  known: readonly string[] = [],
): Promise<{ compared: number; failures: string[] }> {
  const vars = new Map(Object.entries({ URL: url, ...scenario.vars }));
  const refused = new Set<string>();
  const failures: string[] = [];
  let compared = 0;
  for (const step of scenario.steps) {
    const used = [
      step.as,
      ...[...JSON.stringify([step.path, step.body, step.raw, step.headers]).matchAll(/\{\{(\w+)\}\}/g)].map(
        (match) => match[1],
      ),
    ];
    if (used.some((name) => name !== undefined && refused.has(name))) {
      // Builds on what a better answer refused to make.
      for (const name of Object.keys(step.save ?? {})) refused.add(name);
      continue;
    }
    compared += 1;
    if (step.wait) await new Promise((resolve) => setTimeout(resolve, step.wait));
    const json = step.body === undefined ? undefined : JSON.stringify(fill(step.body, vars));
    const sent = await send({
      method: step.method,
      path: fill(step.path, vars),
      body: step.raw === undefined ? json : fill(step.raw, vars),
      headers: {
        accept: 'application/json',
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...fill(step.headers ?? {}, vars),
        ...(step.as && { 'Coder-Session-Token': vars.get(step.as) ?? '' }),
      },
    });
    let body: Json | undefined;
    try {
      body = sent.text === '' ? undefined : (JSON.parse(sent.text) as Json);
    } catch {
      body = { '<text>': sent.text.slice(0, 500) };
    }
    const isKnown = known.includes(step.id);
    const met = (isKnown || step.better) && sent.statusCode >= 300;
    for (const [name, from] of Object.entries(step.save ?? {})) {
      const value = met ? undefined : savedValue(from, sent, body);
      if (value !== undefined) vars.set(name, value);
      else if (met) refused.add(name);
      else
        failures.push(
          `${step.id}: nothing at ${from} to save as ${name} (status ${sent.statusCode}: ${sent.text.slice(0, 200)})`,
        );
    }
    if (isKnown) continue;
    failures.push(
      ...differences(step, sent, body, vars).map(
        (difference) => `${step.id} ${step.method} ${step.path}: ${difference}`,
      ),
    );
  }
  return { compared, failures };
}
