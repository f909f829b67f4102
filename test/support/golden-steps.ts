// What was recorded (test/golden): scenarios and their steps, which steps a rule overrides, and how many are compared.
// The form of a step: method, path, body or raw, headers, `as`, `save`, `expect`, and `better` where this product is to
// be better than the reference: then that counts.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../golden');

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Step {
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
  better?: { status: number[]; why: string; message?: string };
  /** What makes `better` of it is overrides.json, not the recording. */
  overridden?: boolean;
  expect: { status: number; headers?: Record<string, Json>; body?: Json };
}

export interface Scenario {
  name: string;
  env?: Record<string, string>;
  vars?: Record<string, string>;
  steps: Step[];
}

/** A step that a rule of docs/differences.md overrides although the recording does not say so. */
export interface Override {
  rule: number;
  /** The status that is right instead (scenarios). */
  status?: number[];
  message?: string;
  /** A pattern that each difference meets (sso, where the rest of the answer is compared as recorded). */
  differs?: string;
}

const read = <T>(file: string) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as T;

/** By scenario (`users-profile`, `sso/oidc-flow`) and step, for sso `case/step`. */
export const overrides = read<Record<string, Record<string, Override>>>('overrides.json');

/** How many steps of each scenario are compared: none goes missing unnoticed. */
export const counts = read<Record<string, number>>('counts.json');

const namesIn = (folder: string) =>
  readdirSync(join(FOLDER, folder)).flatMap((file) => (file.endsWith('.json') ? [file.replace(/\.json$/, '')] : []));

/** Names of all recorded scenarios. */
export const scenarioNames = () => namesIn('scenarios');

/** What a scenario belongs to: the first words of its name. Each area has its file, test/e2e/golden-<area>.test.ts. */
export const areaOf = (name: string) => /^rbac-matrix|^[a-z]+/.exec(name)?.[0] ?? name;

/** Names of all recorded files of sign-ins through identity providers. */
export const ssoNames = () => namesIn('sso');

/** A scenario, with its overridden steps marked as better. */
export function readScenario(name: string): Scenario {
  const scenario = read<Scenario>(`scenarios/${name}.json`);
  for (const step of scenario.steps) {
    const override = overrides[name]?.[step.id];
    if (!override) continue;
    const { rule, status = [], message } = override;
    step.better = { status, why: `docs/differences.md ${rule}`, ...(message !== undefined && { message }) };
    step.overridden = true;
  }
  return scenario;
}
