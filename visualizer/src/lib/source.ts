/** Where a film is played from. */

export type Source = { kind: 'file' | 'playlist'; url: string } | null

/**
 * @param local What the server has: then it is played from there.
 * @param locator What the video was given as; an address is played from where it lies.
 */
export function sourceOf(local: string | null, locator: string): Source {
  if (local !== null) return { kind: 'file', url: local }
  if (!/^https?:\/\//i.test(locator) || !URL.canParse(locator)) return null
  const { pathname } = new URL(locator)
  return { kind: /\.m3u8$/i.test(pathname) ? 'playlist' : 'file', url: locator.replace(/#.*$/, '') }
}
