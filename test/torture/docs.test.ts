// The blocks of the documents that take longer to run (test/e2e/docs.test.ts runs all others).
import { afterAll, expect, test } from 'vitest';
import { runBlocks, testsOf } from '../support/run-docs.ts';
import { cleanUp } from '../support/server.ts';

/** A dozen processes one after the other, on a machine that may be busy. */
const PATIENCE_MS = 180_000;

afterAll(cleanUp);

const long = testsOf((how) => how.includes('long'));

test.each(long)('%s, %s', { timeout: PATIENCE_MS }, async (path, name) => {
  expect(await runBlocks(path, name)).not.toBe('');
});
