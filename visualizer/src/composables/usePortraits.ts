import { onScopeDispose } from 'vue'
import { urls } from '@/api/client'
import { isSaid, type Lane, PENDING, trackName } from '@/lib/appearances'

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
      image.src = faceOf(lane) ?? ''
    }
    image.src = portraitOf(project(), lane)
    return null
  }

  return { of }
}

export function portraitOf(project: string, lane: Pick<Lane, 'personId' | 'unknownId' | 'entries'>): string {
  if (lane.personId !== null) return urls.person(project, lane.personId)
  if (lane.unknownId !== null && lane.unknownId !== PENDING) return urls.unknown(project, lane.unknownId)
  return faceOf(lane) ?? ''
}

/** A face of somebody in this video; null where nobody but people saw them. */
export function faceOf(lane: Pick<Lane, 'entries'>): string | null {
  const entry = lane.entries.find((one) => !isSaid(one))
  return entry ? urls.track(trackName(entry.seen)) : null
}
