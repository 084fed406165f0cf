/** Lists of videos that people paste or bring as a file: a path or an address in each line. */

const HEADS = ['media', 'url', 'path', 'video', 'locator', 'address']

/** Whether a file holds a list, and no film. */
export function isList({ name, type }: { name: string; type: string }): boolean {
  return type.startsWith('text/') || /\.(txt|csv|tsv)$/i.test(name)
}

/** Videos of a list, each once, in their order. Empty lines and comments (#) count for nothing. */
export function videosOf(text: string): string[] {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
  const column = columnOf(lines[0] ?? '')
  const cells = column === null ? lines.map(unquoted) : lines.slice(1).map((line) => cellOf(line, column))
  return [...new Set(cells.filter(Boolean))]
}

/** In which column of a table with a head the videos stand; null where the first line is no head. */
function columnOf(head: string): number | null {
  const names = split(head).map((name) => name.toLowerCase())
  const found = names.findIndex((name) => HEADS.includes(name))
  return found < 0 ? null : found
}

function cellOf(line: string, column: number): string {
  return split(line)[column] ?? ''
}

function split(line: string): string[] {
  const cut = line.includes('\t') ? '\t' : line.includes(';') ? ';' : ','
  const cells = []
  let cell = ''
  let quoted = false
  for (const sign of line) {
    if (sign === '"') quoted = !quoted
    else if (sign === cut && !quoted) {
      cells.push(cell.trim())
      cell = ''
    } else cell += sign
  }
  return [...cells, cell.trim()]
}

function unquoted(line: string): string {
  return line.replace(/^"(.*)"$/, '$1')
}
