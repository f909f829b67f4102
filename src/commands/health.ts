// coder-users health: asks the server of these settings whether it lives, for health checks of containers.
import { isIPv6 } from 'node:net';
import { type Config, readConfig } from '../config.ts';
import { StartError } from '../start-error.ts';
import type { Command } from './command.ts';
import { say } from './say.ts';

const TIMEOUT_MS = 3000;

/**
 * Where this machine reaches a server that listens on `host` and `port`: by HTTP, which is served beside HTTPS, and where every
 * address is meant by IPv4, since a container that has IPv6 may lack `::1`.
 */
export function healthUrl({ host, port }: Config['http']): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '127.0.0.1' }[host] ?? host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}/healthz`;
}

export const healthCommand: Command = {
  summary: 'Ask the server that runs with the same settings whether it lives.',
  examples: ['health'],
  notes: 'Exit code 0 when it answers, 1 when it does not. Whether the database answers too: GET /readyz.',
  async run({ env }) {
    const url = healthUrl(readConfig(env).http);
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((err: Error) => {
      const cause = err.cause instanceof Error ? err.cause.message : err.message;
      throw new StartError(`${url} does not answer: ${cause || 'connection refused'}`);
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new StartError(`${url} answers ${answer.status}.`);
    say(text);
  },
};
