import { onScopeDispose } from 'vue'
import { urls } from '@/api/client'
import type { Lane } from '@/lib/appearances'
import { trackName } from '@/lib/appearances'

/** Pictures of people for canvases: fetched when they are first wanted, `ready` is called when they can be drawn. */
export function usePortraits(project: () => string, ready: () => void) {
  const images = new Map<string, HTMLImageElement>()
  let isGone = false
  onScopeDispose(() => (isGone = true))

  function of(lane: Lane): HTMLImageElement | null {
    const known = images.get(lane.key)
    if (known) return known.complete && known.naturalWidth ? known : null
    const image = new Image()
    images.set(lane.key, image)
    image.onload = () => void (isGone || ready())
    // Somebody named by hand has no training picture yet: the face in this video stands in.
    image.onerror = () => {
      image.onerror = null
      image.src = urls.track(trackName(lane.entries[0]!.seen))
    }
    image.src = portraitOf(project(), lane)
    return null
  }

  return { of }
}

export function portraitOf(project: string, lane: Pick<Lane, 'personId' | 'unknownId' | 'entries'>): string {
  if (lane.personId !== null) return urls.person(project, lane.personId)
  if (lane.unknownId !== null) return urls.unknown(project, lane.unknownId)
  return urls.track(trackName(lane.entries[0]!.seen))
}
