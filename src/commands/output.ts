// Where commands write a lot: a file that is there only when it is whole, or standard output at the pace of its reader.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartError } from '../start-error.ts';

/** Takes bytes in order; resolves when there is room for more. */
export type Sink = (bytes: Buffer) => Promise<void>;

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  await folder.sync().finally(() => folder.close());
}

/** Fills a file under a passing name and gives it its own when it is whole and on the disk. */
export async function intoFile<T>(path: string, fill: (sink: Sink) => Promise<T>): Promise<T> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.part`;
  const remove = () => rmSync(draft, { force: true });
  process.once('exit', remove);
  let file: FileHandle | undefined;
  try {
    file = await open(draft, 'wx', 0o600);
    const draftFile = file;
    const result = await fill((bytes) => draftFile.writeFile(bytes));
    await file.sync();
    await rename(draft, path);
    await syncFolder(dirname(path));
    return result;
  } catch (err) {
    if ((err as NodeJS.ErrnoException).syscall === undefined) throw err;
    throw new StartError(`${path} cannot be written: ${(err as Error).message}`);
  } finally {
    await file?.close().catch(() => undefined);
    remove();
    process.off('exit', remove);
  }
}

/** A reader that has gone is told by the promise. */
export const intoStdout: Sink = (bytes) =>
  new Promise((done, failed) => process.stdout.write(bytes, (err) => (err ? failed(err) : done())));

// An error of a write reaches whoever wrote; the event alone would end the process.
process.stdout.on('error', () => undefined);
