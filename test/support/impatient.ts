// A pool whose statements give up waiting for a lock at once: tests of what happens then need not wait for it.
import type { TestApp } from './app.ts';

/** From now on statements of the app wait for a lock for a moment instead of five seconds; the result undoes it. */
export function impatient({ pool }: TestApp, lockTimeoutMs = 300): () => void {
  const set = (client: { query(text: string): Promise<unknown> }) => {
    // Runs on the connection before whatever it was taken for.
    void client.query(`set lock_timeout = ${lockTimeoutMs}`).catch(() => undefined);
  };
  pool.on('acquire', set);
  return () => {
    pool.off('acquire', set);
    pool.on('acquire', (client) => void client.query('set lock_timeout = 5000').catch(() => undefined));
  };
}
