/** Parts of media in their addresses, as src/mediafragments.py writes them. */

/**
 * An address or a path with a part behind it. A fragment that an address has already, which names no part (`programme#main`), stays in
 * front; the number sign in the name of a file is a letter like others.
 */
export function withFragment(locator: string, fragment: string): string {
  if (!fragment) return locator
  return `${locator}${locator.includes('#') && locator.includes('://') ? '&' : '#'}${fragment}`
}

/** Whether a text names a medium, or a part of it. */
export function isOf(text: string, locator: string): boolean {
  return text === locator || text.startsWith(`${locator}#`) || (locator.includes('#') && text.startsWith(`${locator}&`))
}
