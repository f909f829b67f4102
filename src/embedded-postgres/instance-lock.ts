// One server per data directory: a second one must never stop the database of the first.
import { connect, createServer } from 'node:net';
import { StartError } from '../start-error.ts';
import { nameFor } from './private-folder.ts';

const addressOf = (dataDir: string) => `\0coder-users-${nameFor(dataDir)}`;

/** Whether a process holds the lock of a data directory (a real path). */
export function isInstanceRunning(dataDir: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(addressOf(dataDir));
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/**
 * Holds the lock of a data directory: a socket in Linux' abstract namespace, which the kernel frees when the process
 * ends, however it ends.
 * @param dataDir the real path
 * @returns a function that gives the lock up
 * @throws StartError when another process holds it
 */
export async function holdInstanceLock(dataDir: string): Promise<() => void> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (err: NodeJS.ErrnoException) =>
      reject(
        err.code === 'EADDRINUSE' ? new StartError(`Another server is running on the data directory ${dataDir}.`) : err,
      ),
    );
    server.listen(addressOf(dataDir), resolve);
  });
  server.unref();
  return () => server.close();
}
