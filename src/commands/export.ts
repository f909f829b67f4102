// coder-users export: users, memberships, roles and audit entries for another program.
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readConfig } from '../config.ts';
import { csvLine } from '../csv.ts';
import { createLog } from '../log.ts';
import { withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';
import { beginExport, columnsOf, EXPORT_KINDS, type ExportKind, type ExportRow, exportPages } from '../store/export.ts';
import { type Command, UsageError } from './command.ts';
import { POSTGRES_URL_OPTION, prepareDatabase, withCleanup, withDatabaseUrl } from './database.ts';
import { intoFile, intoStdout, type Sink } from './output.ts';
import { startProgress } from './progress.ts';
import { say } from './say.ts';

const FORMATS = ['json', 'csv'] as const;
type Format = (typeof FORMATS)[number];

type Pages = AsyncIterable<ExportRow[]>;

async function* asJson(pages: Pages): AsyncGenerator<string> {
  let before = '[\n';
  for await (const rows of pages) {
    yield before + rows.map((row) => JSON.stringify(row)).join(',\n');
    before = ',\n';
  }
  yield before === '[\n' ? '[]' : '\n]';
}

async function* asCsv(kind: ExportKind, pages: Pages): AsyncGenerator<string> {
  const columns = columnsOf(kind);
  yield csvLine(columns);
  for await (const rows of pages) {
    yield rows.map((row) => csvLine(columns.map((name) => row[name] ?? null))).join('');
  }
}

interface Wanted {
  readonly format: Format;
  readonly kinds: readonly ExportKind[];
  /** Undefined: standard output. */
  readonly folder: string | undefined;
}

function readWanted(flags: Readonly<Record<string, string | undefined>>): Wanted {
  const { format: formatText = 'json', only, output } = flags;
  const format = FORMATS.find((one) => one === formatText);
  if (format === undefined) throw new UsageError(`--format is one of ${FORMATS.join(', ')}`);
  const kind = EXPORT_KINDS.find((one) => one === only);
  if (only !== undefined && kind === undefined) throw new UsageError(`--only is one of ${EXPORT_KINDS.join(', ')}`);
  const folder = output === undefined || output === '-' ? undefined : resolve(output);
  if (format === 'csv' && folder === undefined && kind === undefined)
    throw new UsageError('CSV is one table: name it with --only, or a folder with --output');
  return { format, kinds: kind === undefined ? EXPORT_KINDS : [kind], folder };
}

/** Counts rows on their way. */
async function* counted(pages: Pages, onRows: (rows: number) => void): AsyncGenerator<ExportRow[]> {
  for await (const rows of pages) {
    onRows(rows.length);
    yield rows;
  }
}

async function write(text: AsyncIterable<string>, sink: Sink): Promise<void> {
  for await (const part of text) await sink(Buffer.from(part));
}

/** @param pagesOf all rows of a kind */
async function writeAll({ format, kinds, folder }: Wanted, pagesOf: (kind: ExportKind) => Pages): Promise<void> {
  const textOf = (kind: ExportKind) => (format === 'json' ? asJson(pagesOf(kind)) : asCsv(kind, pagesOf(kind)));
  if (folder !== undefined) {
    const files = kinds.map((kind) => ({ kind, path: join(folder, `${kind}.${format}`) }));
    const there = files.find(({ path }) => existsSync(path));
    if (there !== undefined) throw new StartError(`${there.path} is there already: name another folder.`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const end = format === 'json' ? '\n' : '';
    for (const { kind, path } of files) {
      await intoFile(path, async (sink) => {
        await write(textOf(kind), sink);
        await sink(Buffer.from(end));
      });
    }
    return;
  }
  const [only] = kinds;
  if (format === 'csv' && only !== undefined) return write(textOf(only), intoStdout);
  for (const [at, kind] of kinds.entries()) {
    await intoStdout(Buffer.from(`${at === 0 ? '{' : ',\n'}"${kind}":`));
    await write(textOf(kind), intoStdout);
  }
  await intoStdout(Buffer.from('}\n'));
}

export const exportCommand: Command = {
  summary: 'Write users, memberships, roles and audit entries as JSON or CSV.',
  options: {
    format: { value: 'FORMAT', help: 'json or csv (default: json)' },
    output: { value: 'FOLDER', help: 'where to write one file for each (default: standard output)' },
    only: { value: 'KIND', help: `only one of ${EXPORT_KINDS.join(', ')}` },
    'postgres-url': POSTGRES_URL_OPTION,
  },
  examples: ['export', 'export --format csv --output ./export', 'export --format csv --only users > users.csv'],
  notes: `Names are those of the API. No passwords, keys, tokens or secrets. All of it shows one instant, also while servers are
running. In CSV, lists are parted by semicolons, and text that a spreadsheet would take for a formula (it begins with
= + - @, a tab or a carriage return) has an apostrophe in front; JSON is exact.

${EXPORT_KINDS.map((kind) => `  ${kind}: ${columnsOf(kind).join(', ')}`).join('\n')}`,
  async run({ env, flags }) {
    const config = readConfig(withDatabaseUrl(env, flags['postgres-url']));
    const wanted = readWanted(flags);
    const { log } = createLog({ level: 'warn' }, { human: true, fd: 2 });
    const progress = startProgress();
    let rows = 0;
    try {
      await withCleanup(async (onClose) => {
        const { target } = await prepareDatabase(config, log, onClose, { mayJoin: true, mayCreate: false });
        await withClient(config.postgres.directUrl ?? target.url, async (client) => {
          await beginExport(client);
          await writeAll(wanted, (kind) =>
            counted(exportPages(client, kind), (more) => {
              rows += more;
              progress.show(() => `export: ${kind}, ${rows} rows in all`);
            }),
          );
          await client.query('commit');
        });
      });
    } finally {
      progress.end();
    }
    if (wanted.folder !== undefined) say(`${rows} rows were written to ${wanted.folder}.`);
  },
};
