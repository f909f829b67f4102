// Reads a backup: whole or not at all, then table by table.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { StartError } from '../start-error.ts';
import {
  END_OF_ROWS,
  FORMAT,
  type Manifest,
  parseManifest,
  readCopyLine,
  readTrailer,
  TRAILER_BYTES,
} from './format.ts';

const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;

/** A backup that was found to be whole. */
export interface Backup {
  readonly path: string;
  readonly manifest: Manifest;
  /** Where the rows end. */
  readonly end: number;
}

const damaged = (path: string, what: string) => new StartError(`${path} is no whole backup: ${what}.`);

async function hashOf(path: string, bytes: number, onProgress: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let done = 0;
  for await (const chunk of createReadStream(path, { end: bytes - 1 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    done += chunk.length;
    onProgress(done);
  }
  return hash.digest('hex');
}

async function readFile(path: string, from: number, to: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const file = await open(path);
    const found = await file.stat().finally(() => file.close());
    if (found.isFile()) return found.size;
  } catch (err) {
    throw new StartError(`The backup cannot be read: ${(err as Error).message}`);
  }
  throw new StartError(`${path} is no file: a backup is read twice, so it cannot come through a pipe.`);
}

/**
 * Checks a backup from its first byte to its last.
 * @throws StartError for a file that is not exactly what was written, and for one of a newer form
 */
export async function openBackup(path: string, onProgress: (bytes: number) => void = () => undefined): Promise<Backup> {
  const size = await sizeOf(path);
  const trailer = size <= TRAILER_BYTES ? undefined : readTrailer(await readFile(path, size - TRAILER_BYTES, size));
  if (trailer === undefined || trailer.offset >= size - TRAILER_BYTES)
    throw damaged(path, 'its end is missing or damaged, or it is another kind of file');
  if ((await hashOf(path, size - TRAILER_BYTES, onProgress)) !== trailer.sha256)
    throw damaged(path, 'its checksum is another one than when it was written');
  const packed = await readFile(path, trailer.offset, size - TRAILER_BYTES);
  let manifest: Manifest;
  try {
    manifest = parseManifest(gunzipSync(packed, { maxOutputLength: MAX_MANIFEST_BYTES }).toString('utf8'));
  } catch {
    throw damaged(path, 'its manifest cannot be read');
  }
  if (manifest.format > FORMAT)
    throw new StartError(
      `${path} was written by a newer program (${manifest.version}), which is the one to restore it.`,
    );
  return { path, manifest, end: trailer.offset };
}

/** Text in pieces, as lines and as everything up to the end of a table. */
class Pieces {
  #rest: Buffer = Buffer.alloc(0);
  readonly #source: AsyncIterator<Buffer>;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done === true) return false;
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return true;
  }

  /** The next line without its end; undefined at the end of the text. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end >= 0) {
        const line = this.#rest.toString('utf8', 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#rest.length > MAX_LINE_BYTES || !(await this.#more())) return undefined;
    }
  }

  /** The rows up to the line that ends them, which is taken as well. */
  async *rows(): AsyncGenerator<Buffer> {
    while (this.#rest.length < END_OF_ROWS.length) if (!(await this.#more())) throw new Error('rows without an end');
    if (this.#rest.subarray(0, END_OF_ROWS.length).equals(END_OF_ROWS)) {
      this.#rest = this.#rest.subarray(END_OF_ROWS.length);
      return;
    }
    const end = Buffer.concat([Buffer.from('\n'), END_OF_ROWS]);
    for (;;) {
      const at = this.#rest.indexOf(end);
      // Short of an end, what may be the beginning of one stays.
      const sure = at >= 0 ? at + 1 : Math.max(0, this.#rest.length - end.length + 1);
      if (sure > 0) yield this.#rest.subarray(0, sure);
      this.#rest = this.#rest.subarray(sure);
      if (at >= 0) {
        this.#rest = this.#rest.subarray(END_OF_ROWS.length);
        return;
      }
      if (!(await this.#more())) throw new Error('rows without an end');
    }
  }
}

export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  /** To be read to the end before the next table is asked for. */
  readonly rows: AsyncGenerator<Buffer>;
}

/** The tables of a backup, in order. Nothing in it is ever run: it is rows for tables that somebody else names. */
export async function* tablesOfBackup({ path, end }: Backup): AsyncGenerator<TableRows> {
  const source = createReadStream(path, { end: end - 1 });
  const text = source.pipe(createGunzip());
  source.on('error', (err) => text.destroy(err));
  const pieces = new Pieces(text);
  for (let line = await pieces.line(); line !== undefined; line = await pieces.line()) {
    const head = readCopyLine(line);
    if (head !== undefined) yield { ...head, rows: pieces.rows() };
  }
}
