// Replays recorded exchanges (test/golden/scenarios) against a server and tells what differs.
import { differences, type Sent } from './golden-compare.ts';
import type { Json, Scenario } from './golden-steps.ts';

export type Send = (request: {
  method: string;
  path: string;
  body: string | undefined;
  headers: Record<string, string>;
}) => Promise<Sent>;

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

/**
 * Plays a scenario.
 * @param url what {{URL}} stands for
 * @param wait what happens where the recording waited for the server to do something
 * @returns how many exchanges were compared, and for each that differs its id and the differences
 */
export async function replay(
  scenario: Scenario,
  url: string,
  send: Send,
  wait: (ms: number) => Promise<unknown> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
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
    if (step.wait) await wait(step.wait);
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
    const met = step.better && sent.statusCode >= 300;
    for (const [name, from] of Object.entries(step.save ?? {})) {
      const value = met ? undefined : savedValue(from, sent, body);
      if (value !== undefined) vars.set(name, value);
      else if (met) refused.add(name);
      else
        failures.push(
          `${step.id}: nothing at ${from} to save as ${name} (status ${sent.statusCode}: ${sent.text.slice(0, 200)})`,
        );
    }
    failures.push(
      ...differences(step, sent, body, vars).map(
        (difference) => `${step.id} ${step.method} ${step.path}: ${difference}`,
      ),
    );
  }
  return { compared, failures };
}
