// Comma-separated values, as spreadsheets and databases read them.

/** What a cell can hold. */
export type CsvValue = string | number | boolean | null | readonly string[] | object;

/**
 * A cell of CSV (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe in front, as spreadsheets
 * themselves write text; JSON is exact.
 */
export function csvCell(value: CsvValue): string {
  if (value === null) return '';
  const isList = Array.isArray(value);
  const text = isList ? value.join(';') : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const isFormula = (typeof value === 'string' || isList) && /^[=+\-@\t\r]/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line of CSV. */
export const csvLine = (cells: readonly CsvValue[]): string => `${cells.map(csvCell).join(',')}\r\n`;
