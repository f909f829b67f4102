// Test runs: pure rules without a database, everything else with one private PostgreSQL server per run. `npm test` runs
// the first two projects, `npm run torture` the others.
import { defineConfig } from 'vitest/config';
import { allSwitches } from './test/support/mutants.ts';

const globalSetup = ['test/support/postgres-server.ts', 'test/support/built.ts'];

/** The source with a switch at every permission check (test/torture/mutations.test.ts). */
const switches = () => {
  let texts: ReadonlyMap<string, string> | undefined;
  return {
    name: 'switches',
    enforce: 'pre' as const,
    transform(_code: string, id: string) {
      texts ??= allSwitches(import.meta.dirname).texts;
      return texts.get(id.replace(/\?.*/, ''));
    },
  };
};

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The continuous integration takes its closing counts from the report (.ci/run).
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: 'node_modules/.cache/test-report.json' }]]
      : ['default'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'database', include: ['test/{integration,e2e,hardening}/**/*.test.ts'], globalSetup },
      },
      {
        extends: true,
        test: {
          name: 'torture',
          include: ['test/torture/**/*.test.ts'],
          exclude: ['test/torture/mutations.test.ts'],
          globalSetup,
        },
      },
      {
        extends: true,
        plugins: [switches()],
        test: { name: 'mutations', include: ['test/torture/mutations.test.ts'], globalSetup },
      },
    ],
  },
});
