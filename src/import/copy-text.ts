// Rows in the text format of Postgres' COPY: taken apart and put together.

/** One row; null is SQL's null. */
export type CopyRow = (string | null)[];

const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const LETTERS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CONTROLS).map(([letter, control]) => [control, letter]),
);

/** The fields of a line, which has no line end. */
export const readCopyRow = (line: string): CopyRow =>
  line
    .split('\t')
    .map((field) =>
      field === '\\N' ? null : field.replace(/\\(.)/g, (_, letter: string) => CONTROLS[letter] ?? letter),
    );

/** The line of fields, with its line end. */
export const writeCopyRow = (row: CopyRow): string =>
  `${row
    .map((field) => field?.replace(/[\\\b\f\n\r\t\v]/g, (character) => `\\${LETTERS[character] ?? character}`) ?? '\\N')
    .join('\t')}\n`;
