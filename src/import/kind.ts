// What moves in, described kind by kind: where its rows come from, what tells them apart and what may not be there twice.

export interface Unique {
  readonly what: string;
  /** The values that may stand once, as SQL over the alias of a row. */
  readonly values: (row: string) => readonly string[];
  /** Which rows they count for. */
  readonly where?: (row: string) => string;
}

export interface Kind {
  /** Names the kind in `imported_rows` and in temporary tables. */
  readonly name: string;
  readonly title: string;
  readonly table: string;
  /** Source tables that must be there: where one is not, the kind is passed over and nothing of it counts as gone. */
  readonly needs: readonly string[];
  readonly key: readonly string[];
  /** Columns of our table and their values, as SQL over the staged row `s`; types exactly those of the table. */
  readonly columns: Readonly<Record<string, string>>;
  /** The staged rows, as what follows FROM. */
  readonly from: string;
  /** What people change about a row, as SQL over its alias: the rest neither comes again nor counts as changed here. */
  readonly watched: (row: string) => readonly string[];
  /** How a report names a row, as SQL over its alias. */
  readonly label: (row: string) => string;
  readonly uniques: readonly Unique[];
  /** A row of the same key that did not come by an import: a conflict, or ours. */
  readonly otherwiseThere: 'conflict' | 'ours';
  /** What is gone there: stays, goes unless it was changed here, or goes in any case. */
  readonly gone: 'stays' | 'goes' | 'goes anyway';
  /** Never inserts and never deletes: the rows are another kind's. */
  readonly isPartOfRow?: boolean;
  /** Rows never change and are not remembered: what is there by its key came already. */
  readonly isLog?: boolean;
  /** Values that an update sets otherwise than to those of the new row, as SQL over `t` and `n`; undefined leaves one. */
  readonly onUpdate?: Readonly<Record<string, string | undefined>>;
  /** Times that only move forward; they come with every run. */
  readonly latest?: readonly string[];
}

export const newRows = (kind: Kind): string => `new_${kind.name}`;
export const planOf = (kind: Kind): string => `plan_${kind.name}`;

/** The key of a row as one text. */
export const keyText = ({ key }: Kind, row: string): string =>
  key.map((column) => `${row}.${column}::text`).join(` || ' ' || `);

/** How a row looks in what people change about it. */
export const markOf = ({ watched }: Kind, row: string): string => `md5(row(${watched(row).join(', ')})::text)::uuid`;
