/** Tables as CSV, which spreadsheets open and programs read. */

export type Cell = string | number | boolean | null

/**
 * Write a table.
 *
 * Source: RFC 4180. A text that a spreadsheet would take for a formula is written with an apostrophe before it: names come from outside
 * (OWASP, CSV Injection).
 */
export function csvOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [columns, ...rows].map((row) => row.map(written).join(',')).join('\r\n') + '\r\n'
}

function written(cell: Cell): string {
  if (cell === null) return ''
  const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
