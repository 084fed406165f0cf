import { ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { clamp } from '@/lib/letterbox'

export const USUAL_LINE = 0.5
const OURS = ['t', 'track', 'conf']

/** What the address says of the view: `?t=134.32&track=58&conf=0.7`. */
export function useViewAddress(now: () => { npt: number; isPlaying: boolean }) {
  const route = useRoute()
  const router = useRouter()
  const start = number(route.query.t, 0)
  const selected = ref(typeof route.query.track === 'string' ? route.query.track : null)
  const line = ref(clamp(number(route.query.conf, USUAL_LINE), 0, 1))

  function write(): void {
    const rest = Object.fromEntries(Object.entries(route.query).filter(([name]) => !OURS.includes(name)))
    const npt = now().npt
    const query = {
      ...rest,
      ...(npt > 0 ? { t: npt.toFixed(2) } : {}),
      ...(selected.value === null ? {} : { track: selected.value }),
      ...(line.value === USUAL_LINE ? {} : { conf: String(line.value) }),
    }
    void router.replace({ query })
  }

  // While a film plays the address would change with each frame: it follows every few seconds.
  let timer = 0
  watch([() => (now().isPlaying ? Math.floor(now().npt / 5) : now().npt), selected, line], () => {
    clearTimeout(timer)
    timer = window.setTimeout(write, 150)
  })
  return { start, selected, line }
}

function number(value: unknown, usual: number): number {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  return Number.isFinite(found) && found >= 0 ? found : usual
}
