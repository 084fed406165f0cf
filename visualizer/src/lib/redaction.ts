/** Whose faces a film shows, as jobs of the kind `export` are told. */

const ALL_BUT = 'all-but:'

/** The parameter `redact`: everybody's face is covered, or those of all but some. */
export function redaction(kept: readonly string[]): string {
  // The divider behind the last one says that a comma in a name divides nothing.
  return kept.length ? `${ALL_BUT}${kept.map((name) => `${name};`).join('')}` : 'everyone'
}

/** The names that such a parameter leaves to be seen, for people to read; empty for everybody. */
export function keptBy(redact: string): string {
  if (!redact.startsWith(ALL_BUT)) return ''
  const names = redact.slice(ALL_BUT.length)
  const divider = names.includes(';') ? ';' : ','
  return names
    .split(divider)
    .map((name) => name.trim())
    .filter(Boolean)
    .join(', ')
}

/** Whether a name can be said in it. */
export function canBeKept(name: string): boolean {
  return name.trim() !== '' && !name.includes(';')
}
