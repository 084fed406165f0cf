import { type Ref, watch } from 'vue'
import type { Film } from '@/lib/source'

/**
 * Gives a player its film: a file as it is, a playlist (HLS) by hls.js, which is loaded only then.
 *
 * What cannot be played from one place is tried from the next; what cannot be played at all is told by the event `error` of the player,
 * whoever found it out.
 */
export function useSource(element: Ref<HTMLVideoElement | null>, sources: () => Film[]): void {
  watch(
    [element, () => JSON.stringify(sources())] as const,
    ([player, text], _, onCleanup) => {
      const films = JSON.parse(text) as Film[]
      if (!player || !films.length) return
      let stop = give(player, films[0]!)
      let at = 0
      const next = (event: Event): void => {
        const film = films[++at]
        if (!film) return
        // Nobody else hears of it: there is another place.
        event.stopImmediatePropagation()
        stop()
        stop = give(player, film)
      }
      player.addEventListener('error', next, { capture: true })
      onCleanup(() => {
        player.removeEventListener('error', next, { capture: true })
        stop()
        player.removeAttribute('src')
        player.load()
      })
    },
    { immediate: true, flush: 'post' },
  )
}

/** Begin to load a film; returns what ends that. */
function give(player: HTMLVideoElement, film: Film): () => void {
  if (film.kind === 'file') {
    player.src = film.url
    return () => undefined
  }
  let isOver = false
  let end = (): void => void (isOver = true)
  void pieces(player, film.url)
    .then((stop) => (isOver ? stop() : (end = stop)))
    .catch(() => player.dispatchEvent(new Event('error')))
  return () => end()
}

/** Play a film that comes in pieces; returns what ends that. */
async function pieces(player: HTMLVideoElement, url: string): Promise<() => void> {
  const { default: Hls } = await import('hls.js')
  if (!Hls.isSupported()) {
    player.src = url
    return () => undefined
  }
  // Its worker would be a script of its own, which the policy of the page allows nobody to bring.
  const hls = new Hls({ enableWorker: false })
  let tries = 2
  hls.on(Hls.Events.ERROR, (_, { fatal, type }) => {
    if (!fatal) return
    if (tries-- > 0 && type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError()
    else {
      hls.destroy()
      player.dispatchEvent(new Event('error'))
    }
  })
  hls.loadSource(url)
  hls.attachMedia(player)
  return () => hls.destroy()
}
