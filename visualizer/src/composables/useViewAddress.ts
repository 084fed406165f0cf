import { computed, ref, shallowRef, watch } from 'vue'
import { onBeforeRouteLeave, useRoute, useRouter } from 'vue-router'
import { between, type Interval, timesOf } from '@/lib/interval'
import { clamp } from '@/lib/letterbox'

export const USUAL_LINE = 0.5
export const TABS = ['people', 'appearances', 'about'] as const
export type Tab = (typeof TABS)[number]
const OURS = ['t', 'a', 'b', 'track', 'conf', 'hide', 'tab', 'sort']
const SWITCHES = ['people', 'unknown', 'low'] as const
type Switches = Record<(typeof SWITCHES)[number], boolean>

/**
 * What the address says of the view: `?t=134.32&track=58&conf=0.7&hide=low&a=130&b=140&tab=about`; a media fragment `#t=130,140` too.
 *
 * @param switches What is shown at all: somebody's liking, until an address says what it hides.
 */
export function useViewAddress(now: () => { npt: number; isPlaying: boolean }, switches: Switches) {
  const route = useRoute()
  const router = useRouter()
  const cited = timesOf(route.hash)
  const start = number(route.query.t, cited?.start ?? 0)
  const selected = ref(text(route.query.track) || null)
  const line = ref(clamp(number(route.query.conf, USUAL_LINE), 0, 1))
  const tab = ref<Tab>(TABS.find((one) => one === route.query.tab) ?? 'people')
  const sort = ref(text(route.query.sort))
  const [a, b] = [number(route.query.a, cited?.start ?? 0), number(route.query.b, cited?.end ?? 0)]
  const interval = shallowRef<Interval | null>(b > a ? between(a, b, 0) : null)
  const asked = text(route.query.hide).split(',')
  if (route.query.hide !== undefined) for (const one of SWITCHES) switches[one] = !asked.includes(one)
  const hide = computed(() => SWITCHES.filter((one) => !switches[one]).join(','))

  function queryAt(npt: number): Record<string, string> {
    return {
      ...(npt > 0 ? { t: npt.toFixed(2) } : {}),
      ...(interval.value ? { a: interval.value.start.toFixed(2), b: interval.value.end.toFixed(2) } : {}),
      ...(selected.value === null ? {} : { track: selected.value }),
      ...(line.value === USUAL_LINE ? {} : { conf: String(line.value) }),
      ...(hide.value ? { hide: hide.value } : {}),
      ...(tab.value === 'people' ? {} : { tab: tab.value }),
      ...(sort.value ? { sort: sort.value } : {}),
    }
  }

  function rest() {
    return Object.fromEntries(Object.entries(route.query).filter(([name]) => !OURS.includes(name)))
  }

  function write(): void {
    void router.replace({ query: { ...rest(), ...queryAt(now().npt) } })
  }

  /** The whole address of the marked stretch, to be given to somebody else. */
  function cite(): string {
    const query = { ...rest(), ...queryAt(interval.value?.start ?? now().npt) }
    return new URL(router.resolve({ query }).href, window.location.origin).href
  }

  // While a film plays the address would change with each frame: it follows every few seconds.
  let timer = 0
  watch(
    [() => (now().isPlaying ? Math.floor(now().npt / 5) : now().npt), selected, line, hide, tab, sort, interval],
    () => {
      clearTimeout(timer)
      timer = window.setTimeout(write, 150)
    },
  )
  // While the next page is fetched the address is this one's still: to write it now would call the way there off.
  onBeforeRouteLeave(() => clearTimeout(timer))
  return { start, selected, line, tab, sort, interval, cite }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function number(value: unknown, usual: number): number {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  return Number.isFinite(found) && found >= 0 ? found : usual
}
