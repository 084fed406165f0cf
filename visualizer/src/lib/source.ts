/** Where a film is played from. */

export interface Film {
  kind: 'file' | 'playlist'
  url: string
}

/**
 * The places to play a film from, the best one first; none where nobody has it.
 *
 * @param media Where the server gives it: a file of its own, or what it fetches for us from where that lies.
 * @param isLocal Whether the server has the file.
 * @param locator What the video was given as. A film may be played from its own address where the service allows the place; a playlist from
 *   there alone.
 */
export function sourcesOf(media: string, isLocal: boolean, locator: string): Film[] {
  if (isLocal) return [{ kind: 'file', url: media }]
  if (!isAddress(locator)) return []
  const url = locator.replace(/#.*$/, '')
  if (isPlaylist(locator)) return [{ kind: 'playlist', url }]
  return [
    { kind: 'file', url },
    { kind: 'file', url: media },
  ]
}

/** Whether the server can give a film, its own or one that it fetches. */
export function isServed(isLocal: boolean, locator: string): boolean {
  return isLocal || (isAddress(locator) && !isPlaylist(locator))
}

function isAddress(locator: string): boolean {
  return /^https?:\/\//i.test(locator) && URL.canParse(locator)
}

function isPlaylist(locator: string): boolean {
  return /\.m3u8$/i.test(new URL(locator).pathname)
}
