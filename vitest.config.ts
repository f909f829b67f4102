// Test runs: pure rules without a database, everything else with one private PostgreSQL server per run.
import { defineConfig } from 'vitest/config';

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
        test: {
          name: 'database',
          include: ['test/{integration,e2e,hardening}/**/*.test.ts'],
          globalSetup: ['test/support/postgres-server.ts', 'test/support/built.ts'],
        },
      },
    ],
  },
});
