// The layers of the source: who may import whom. An import that is not in the table is a decision to make, not a slip.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '../../src');

/**
 * Folder (or files at the root by their beginning) to what it may import: folders and files by their beginning,
 * packages by name. `type x` allows x for types alone. A folder may always import itself.
 */
const MAY_IMPORT: Record<string, string> = {
  'golang/': 're2js',
  'watch/': 'node:async_hooks node:diagnostics_channel',
  'metrics/': 'watch/ start-error.ts prom-client node:http node:perf_hooks type pg',
  'tracing/': 'watch/ @opentelemetry/ type pino',
  'codersdk/': 'golang/ zod node:crypto',
  'rbac/': 'golang/ node:diagnostics_channel',
  'fairness/': '',
  'crypto/': 'watch/ fairness/ argon2 node:crypto node:fs node:os node:util',
  'outgoing/': 'start-error.ts type config node:',
  'tls/': 'start-error.ts type config type pino node:',
  'config/': 'golang/ start-error.ts yaml node:crypto node:fs node:net',
  'idp/': 'watch/ errors.ts in-flight.ts start-error.ts type config jose openid-client node:crypto type pino',
  'mail/': 'html.ts pages/markdown.ts watch/ type config nodemailer node:fs',
  'postgres/': 'start-error.ts store/errors.ts pg type pino node:',
  'backup/': 'start-error.ts package-root.ts postgres/ store/ pg-copy-streams zod type pg node:',
  'store/':
    'watch/ start-error.ts package-root.ts in-flight.ts postgres/ rbac/bounded-map.ts type rbac/ drizzle-orm pg type pino',
  'import/':
    'start-error.ts postgres/ store/errors.ts store/migrate.ts store/schema.ts services/secrets.ts type crypto/ pg-copy-streams type pg node:crypto node:stream',
  'embedded-postgres/': 'start-error.ts type pino node:',
  'services/':
    'watch/ fairness/ codersdk/ golang/ rbac/ crypto/ idp/ store/ mail/ outgoing/webhook.ts ctx.ts clock.ts start-error.ts errors.ts config.ts in-flight.ts jose yaml zod node:crypto node:net node:timers',
  'pages/': 'html.ts codersdk/ node:crypto',
  'present/': 'codersdk/ golang/ csv.ts clock.ts type store/ type config rbac/',
  'http/':
    'watch/ fairness/ codersdk/ golang/ config errors.ts package-root.ts crypto/passwords.ts store/errors.ts fastify @fastify/ ws zod node:crypto node:http node:net node:stream node:util',
  'hooks/':
    'watch/ fairness/ http/ services/ rbac/ store/ codersdk/ golang/ crypto/ pages/ in-flight.ts ctx.ts clock.ts errors.ts type config fastify node:crypto',
  notifier: 'services/ watch/ in-flight.ts ctx.ts',
  jobs: 'services/ store/ in-flight.ts ctx.ts clock.ts type config',
  'routes/':
    'html.ts hooks/ http/ services/ pages/ present/ codersdk/ golang/ ctx.ts errors.ts clock.ts type config type idp/ fastify zod node:crypto',
};

const files = globSync('**/*.ts', { cwd: src });
const textOf = (file: string) => readFileSync(join(src, file), 'utf8');
const IMPORT = /^(?:import|export)\s(type\s)?(?:[^;'"]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm;

/** What a file imports: our own as paths below src/, packages by name; types with `type` in front. */
function importsOf(file: string): string[] {
  return [...textOf(file).matchAll(IMPORT)].map(([, type, name, dynamic]) => {
    const source = name ?? dynamic ?? '';
    return `${type ? 'type ' : ''}${source.startsWith('.') ? normalize(join(dirname(file), source)) : source}`;
  });
}

function isAllowed(imported: string, folder: string, allowed: string[]): boolean {
  const source = imported.replace(/^type /, '');
  const fits = (entry: string) => source.startsWith(entry);
  return (
    fits(folder) ||
    allowed.some((entry) => (entry.startsWith('type ') ? imported !== source && fits(entry.slice(5)) : fits(entry)))
  );
}

describe('the source', () => {
  it.each(Object.entries(MAY_IMPORT))('%s imports only what its layer may know', (folder, list) => {
    const members = files.filter((file) => file.startsWith(folder));
    const allowed = list.match(/(type )?\S+/g) ?? [];
    expect(members).not.toEqual([]);
    expect(
      members.flatMap((file) =>
        importsOf(file)
          .filter((one) => !isAllowed(one, folder, allowed))
          .map((one) => `${file}: ${one}`),
      ),
    ).toEqual([]);
  });

  it('has no folder outside the table but the commands, which may import everything', () => {
    const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.replace(/\/.*/, '/')));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual(['commands/']);
  });

  it('reads the environment in one place, which hands it on', () => {
    expect(files.filter((file) => /process\.env\b|import\.meta\.env/.test(textOf(file)))).toEqual(['main.ts']);
  });

  it('has named exports only, and files of a size that can be read', () => {
    expect(files.filter((file) => /^export (default|\*)/m.test(textOf(file)))).toEqual([]);
    expect(files.filter((file) => textOf(file).split('\n').length > 320)).toEqual([]);
  });

  it('opens every file with a sentence on its job', () => {
    expect(files.filter((file) => !/^(\/\/|\/\*\*?) ?\S/.test(textOf(file)))).toEqual([]);
  });
});
