// What a server process uses, measured from outside: memory after its garbage has been collected.
import { type RunningServer, until } from './server.ts';

/** Settings of a server process that answers SIGUSR2 with a line about its memory. */
export const MEASURED = {
  NODE_OPTIONS: `--expose-gc --import=data:text/javascript,${encodeURIComponent(
    `process.on('SIGUSR2', () => { gc(); gc(); const { rss, heapUsed, external } = process.memoryUsage(); console.log(JSON.stringify({ msg: 'memory', rss, heapUsed, external })); });`,
  )}`,
};

export interface Memory {
  rss: number;
  heapUsed: number;
  /** Outside of JavaScript's heap, buffers above all. */
  external: number;
}

/** The memory of a server that was started with `MEASURED`, in bytes. */
export async function memoryOf(server: RunningServer): Promise<Memory> {
  const lines = () => server.log().filter((line) => line.msg === 'memory');
  const before = lines().length;
  server.child.kill('SIGUSR2');
  await until(() => lines().length > before, 'the server tells its memory');
  return lines().at(-1) as unknown as Memory;
}
