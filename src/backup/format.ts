// The form of a backup: gzipped SQL that psql could load, its manifest, and a checksum over everything before it.
//
// Three gzip members one after the other, which `gunzip -c` reads as one text:
//   1. COPY "table" ("column", ...) FROM stdin; the rows as PostgreSQL writes them; \.
//   2. -- {the manifest as JSON}
//   3. -- sha256 of 1 and 2, and where 2 begins; of fixed length and not compressed
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { escapeIdentifier } from '../postgres/client.ts';

/** Of the form; a program reads its own and older ones. */
export const FORMAT = 1;

const Manifest = z.object({
  format: z.number(),
  /** Of the program that wrote it. */
  version: z.string(),
  /** The instant that it shows. */
  time: z.string(),
  /** Time stamps of the migrations that the schema had, oldest first. */
  migrations: z.array(z.number()),
  /** In the order in which they are, which is one that foreign keys allow. */
  tables: z.array(z.object({ name: z.string(), rows: z.number(), sha256: z.string() })),
  /** Names of the encryption keys without which parts cannot be read. */
  needed_keys: z.array(z.string()),
  /** The keys themselves, only if asked for. */
  encryption_keys: z.array(z.string().regex(/^[A-Za-z0-9+/]{43}=$/)).optional(),
});
export type Manifest = z.infer<typeof Manifest>;

const comment = (text: string) => `-- ${text}\n`;

export const manifestMember = (manifest: Manifest): Buffer => gzipSync(comment(JSON.stringify(manifest)));

/** @throws what JSON or zod throws for a text that is no manifest */
export const parseManifest = (text: string): Manifest => Manifest.parse(JSON.parse(text.replace(/^-- /, '')));

/** What ends a file whose other bytes have the SHA-256 `sha256`, in hex, and whose manifest begins at `offset`. */
export function trailerMember(sha256: string, offset: number): Buffer {
  const member = gzipSync(comment(`sha256 ${sha256} manifest ${String(offset).padStart(16, '0')}`), { level: 0 });
  // Whatever zlib says of itself and its system: the same bytes everywhere.
  return member.fill(0, 4, 9).fill(255, 9, 10);
}

export const TRAILER_BYTES = trailerMember('0'.repeat(64), 0).length;

/** What a trailer says; undefined for bytes that are none. */
export function readTrailer(bytes: Buffer): { sha256: string; offset: number } | undefined {
  const [, sha256 = '', offset] = /-- sha256 ([0-9a-f]{64}) manifest (\d{16})\n/.exec(bytes.toString('latin1')) ?? [];
  return offset !== undefined && trailerMember(sha256, Number(offset)).equals(bytes)
    ? { sha256, offset: Number(offset) }
    : undefined;
}

/** The line before the rows of a table. */
export const copyLine = (table: string, columns: readonly string[]): string =>
  `COPY ${escapeIdentifier(table)} (${columns.map(escapeIdentifier).join(', ')}) FROM stdin;\n`;

/** The table and columns of such a line; undefined for another line. Names of ours need no more than letters. */
export function readCopyLine(line: string): { table: string; columns: string[] } | undefined {
  const [, table, list] = /^COPY "(\w+)" \(((?:"\w+"(?:, )?)*)\) FROM stdin;$/.exec(line) ?? [];
  return table === undefined || list === undefined
    ? undefined
    : { table, columns: [...list.matchAll(/\w+/g)].map(([name]) => name) };
}

/** The line behind the rows. In rows a backslash is doubled, so none is equal to it. */
export const END_OF_ROWS = Buffer.from('\\.\n');
