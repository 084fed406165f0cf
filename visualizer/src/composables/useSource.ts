import { type Ref, watch } from 'vue'
import type { Source } from '@/lib/source'

/**
 * Gives a player its film: a file as it is, a playlist (HLS) by hls.js, which is loaded only then.
 *
 * What cannot be played is told by the event `error` of the player, whoever found it out.
 */
export function useSource(element: Ref<HTMLVideoElement | null>, source: () => Source): void {
  watch(
    [element, () => JSON.stringify(source())] as const,
    ([player, text], _, onCleanup) => {
      const film = JSON.parse(text) as Source
      if (!player || !film) return
      const stops: (() => void)[] = []
      let isOver = false
      onCleanup(() => {
        isOver = true
        for (const stop of stops) stop()
        player.removeAttribute('src')
        player.load()
      })
      if (film.kind === 'file') player.src = film.url
      else
        void pieces(player, film.url)
          .then((stop) => (isOver ? stop() : stops.push(stop)))
          .catch(() => player.dispatchEvent(new Event('error')))
    },
    { immediate: true, flush: 'post' },
  )
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
