// What an import shows: how far it is, what came, what stayed behind and why, and what is in the way.
import type { MovedKind, MoveInReport } from '../import/move-in.ts';
import type { Act, Conflict } from '../import/plan.ts';

const BAR_WIDTH = 30;

/** How far an import is. */
export function barText(done: number, total: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.min(BAR_WIDTH, Math.floor((done / total) * BAR_WIDTH));
  const bar = `${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}`;
  return `[${bar}] ${done} of ${total} rows ${done < total ? 'read' : 'read; writing them'}`;
}

const WORDS: readonly (readonly [Act, string])[] = [
  ['insert', 'new'],
  ['update', 'changed'],
  ['delete', 'gone'],
  ['both', 'changed on both sides: ours stay'],
  ['kept', 'gone there, changed here: ours stay'],
  ['ended', 'removed here: stay away'],
];

function kindLine({ title, acts }: MovedKind, width: number): string {
  const parts = WORDS.flatMap(([act, word]) => (acts.has(act) ? [`${acts.get(act)} ${word}`] : []));
  return `  ${title.padEnd(width)}  ${parts.length === 0 ? 'nothing new' : parts.join(', ')}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

/** What came, in lines. */
export function reportLines({ outcome, source, kinds, notes }: MoveInReport, isDryRun: boolean): string[] {
  if (outcome === 'came before')
    return [
      'This deployment has moved in already, and nothing was changed. --continue brings what is new there since.',
    ];
  const width = Math.max(...kinds.map(({ title }) => title.length));
  const version = source.schemaVersion === undefined ? '' : ` (schema version ${source.schemaVersion})`;
  const list = (what: string, names: readonly string[]) => (names.length === 0 ? [] : [`${what}: ${names.join(', ')}`]);
  return [
    `${isDryRun ? 'Would come' : 'Came'} from the other deployment${version}:`,
    ...kinds.map((kind) => kindLine(kind, width)),
    ...section(
      'Changed on both sides, so that this server keeps its own:',
      kinds.flatMap(({ title, both }) => both.map((label) => `${title}: ${label}`)),
    ),
    ...section('Left out:', [
      ...source.leftOut.map(({ what, count, why }) => `${count} ${what}: ${why}`),
      ...list('columns without a place here', source.unknownColumns),
      ...list('not there, so nothing came of it', source.missing),
      ...list('tables that are not about users', source.otherTables),
    ]),
    ...section('Note:', notes),
    ...(isDryRun ? ['This was a dry run: none of it was written.'] : []),
  ];
}

/** Every conflict in a line. */
export const conflictLines = (conflicts: readonly Conflict[]): string[] =>
  conflicts.map(({ what, value, rows }) => `conflict: ${what} ${value}: ${rows.join(' and ')}`);
