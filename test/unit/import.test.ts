// Parts of an import that need no database: rows in COPY's text format, and the report.
import { describe, expect, test } from 'vitest';
import { barText, conflictLines, reportLines } from '../../src/commands/import-report.ts';
import { readCopyRow, writeCopyRow } from '../../src/import/copy-text.ts';

describe('a row in the text format of COPY', () => {
  test.each([
    ['plain fields', ['a', '', 'c d'], 'a\t\tc d\n'],
    ['null, and the text that looks like it', [null, '\\N', 'N'], '\\N\t\\\\N\tN\n'],
    ['line ends, tabs and other controls', ['a\nb\tc\rd', '\b\f\v'], 'a\\nb\\tc\\rd\t\\b\\f\\v\n'],
    ['backslashes', ['\\', '\\n', 'C:\\temp'], '\\\\\t\\\\n\tC:\\\\temp\n'],
    ['characters of every size', ['é€😀', '\u2028'], 'é€😀\t\u2028\n'],
  ])('%s come back as they were', (_, row, line) => {
    expect(writeCopyRow(row)).toBe(line);
    expect(readCopyRow(line.slice(0, -1))).toEqual(row);
  });
});

describe('the report', () => {
  test('a bar never runs over, also when more came than was counted', () => {
    expect(barText(0, 0)).toContain('0 of 0 rows');
    expect(barText(5, 10)).toBe('[###############---------------] 5 of 10 rows read');
    expect(barText(12, 10)).toBe('[##############################] 12 of 10 rows read; writing them');
  });

  test('a conflict is one line that names both sides', () => {
    expect(conflictLines([{ what: 'username', value: 'ann', rows: ['here Ann', 'there ann'] }])).toEqual([
      'conflict: username ann: here Ann and there ann',
    ]);
  });

  test('a deployment that came before is told in one line', () => {
    const source = {
      schemaVersion: undefined,
      deploymentId: undefined,
      missing: [],
      unknownColumns: [],
      otherTables: [],
      isOneTimeTold: true,
      leftOut: [],
    };
    const report = { outcome: 'came before', source, kinds: [], conflicts: [], notes: [] } as const;
    expect(reportLines(report, false)).toEqual([expect.stringContaining('--continue')]);
  });
});
