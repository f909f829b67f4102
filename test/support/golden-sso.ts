// Recorded sign-ins through identity providers, replayed against the built server by test/golden/sso/run.mjs.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { refusalFaults } from './golden-compare.ts';
import { counts, overrides } from './golden-steps.ts';
import { urlOf } from './postgres-server.ts';

const FOLDER = join(packageRoot, 'test/golden/sso');
const TIME_LIMIT_MS = 600_000;

interface PlayedCase {
  /** The file that it is of. */
  file: string;
  name: string;
  total: number;
  bad: { id: string; diffs: string[] }[];
}

interface RecordedCase {
  name: string;
  steps?: { id?: string; better?: unknown; expect?: { status?: number } }[];
}

/**
 * What is wrong with the form of answers that are to be better than the recorded ones (their status is compared already).
 * @param output what `run.mjs --trace` printed: a line for each answer, with status, headers and body
 */
function formFaults(name: string, output: string): string[] {
  const { cases } = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as { cases: RecordedCase[] };
  const lines = output.split('\n');
  return cases.flatMap(({ name: of, steps = [] }) =>
    steps
      .filter(({ better, expect }) => better !== undefined || (expect?.status ?? 0) >= 500)
      .flatMap(({ id }) => {
        const line = lines.find((text) => text.startsWith(`--- ${of} ${id} `));
        if (line === undefined) return [`${of}/${id}: no answer`];
        // A page has a title; run.mjs looks at that.
        if (/"content-type":"text\/html/.test(line)) return [];
        const body = / \{.*?\} (\{.*\})$/.exec(line)?.[1];
        return refusalFaults(body === undefined ? undefined : JSON.parse(body)).map((fault) => `${of}/${id}: ${fault}`);
      }),
  );
}

interface Played {
  cases: PlayedCase[];
  /** By file. */
  outputs: ReadonlyMap<string, string>;
}

/** What was printed of each file: its answers, then a line with its name and how many matched. */
function outputsOf(output: string): Map<string, string> {
  const parts = output.split(/^([\w-]+): \d+\/\d+$/m);
  return new Map(parts.flatMap((part, i) => (i % 2 === 1 ? [[part, parts[i - 1] ?? ''] as const] : [])));
}

/**
 * Plays files; each of their cases has a database and server processes of its own, while the provider's keys and modules
 * are one run's. `signal` ends it early.
 */
async function play(names: readonly string[], signal: AbortSignal): Promise<Played> {
  const { adminUrl, template } = inject('postgres');
  const folder = mkdtempSync(join(tmpdir(), 'coder-users-sso-'));
  try {
    const report = join(folder, 'report.json');
    const args = [
      ...[join(FOLDER, 'run.mjs'), '--pg', urlOf(adminUrl, 'postgres'), '--template', template],
      ...['--cmd', `"${process.execPath}" "${join(packageRoot, 'dist/main.js')}" server`],
      ...['--jobs', '3', '--trace', '--json', report, ...names.map((name) => join(FOLDER, `${name}.json`))],
    ];
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, args, {
      cwd: packageRoot,
      env: { PATH, TMPDIR: folder },
      stdio: 'pipe',
      signal,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    // 1: something differs. Anything else says nothing about the server.
    if (code !== 0 && code !== 1) throw new Error(`the replay ended with ${code}: ${output}`);
    try {
      return { cases: JSON.parse(readFileSync(report, 'utf8')) as PlayedCase[], outputs: outputsOf(output) };
    } catch {
      throw new Error(`the replay left no report: ${output}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tests that the files' steps are answered as recorded, but for what overrides.json names: that differs, and only so. */
export function replaySso(names: readonly string[]): void {
  describe('what was recorded of sign-in through identity providers', () => {
    const end = new AbortController();
    let played: Played;
    beforeAll(async () => {
      played = await play(names, end.signal);
    }, TIME_LIMIT_MS);
    afterAll(() => end.abort());

    it.each(names)('%s', (name) => {
      const area = `sso/${name}`;
      const overridden = overrides[area] ?? {};
      const cases = played.cases.filter(({ file }) => file === name);
      const found = cases.flatMap(({ name: of, bad }) => bad.map(({ id, diffs }) => ({ step: `${of}/${id}`, diffs })));
      const unexpected = found.filter(({ step, diffs }) => {
        const differs = overridden[step]?.differs;
        return differs === undefined || !diffs.every((diff) => new RegExp(differs).test(diff));
      });
      expect(unexpected).toEqual([]);
      expect(formFaults(name, played.outputs.get(name) ?? '')).toEqual([]);
      expect(found.map(({ step }) => step).sort()).toEqual(Object.keys(overridden).sort());
      expect({ [area]: cases.reduce((sum, { total }) => sum + total, 0) }).toEqual({ [area]: counts[area] });
    });
  });
}
