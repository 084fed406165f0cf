import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { getVideo, listPeople } from '@/api/library'
import { decideAll, listReview, type ReviewItem } from '@/api/review'
import { entryOf, type Said, trackName, wholeTrack } from '@/lib/appearances'
import { currentItem, type Done, openItems, settledShare, totalsAfter, upcoming } from '@/lib/review'
import { useNotices } from '@/stores/notices'
import { bodiesOf, words } from './useDecisions'
import { useSaying } from './useSaying'
import { useShown } from './useShown'
import { bestOf, partOf, referencesOf, samplesOf } from './useTrackDetails'

const AHEAD = 2
const FEW = 6
export const N_CANDIDATES = 5

interface Step {
  item: ReviewItem
  how: 'said' | 'skipped'
  /** Whether the server took it, as far as anybody knows. */
  holds: boolean
}

/** The queue of a project: one item at a time, the next ones ready, and what is said of each. */
export function useReview(project: () => string) {
  const route = useRoute()
  const router = useRouter()
  const queries = useQueryClient()
  const notices = useNotices()
  const { t } = useI18n()
  const text = (name: string): string => (typeof route.query[name] === 'string' ? route.query[name] : '')
  const others = (...names: string[]) =>
    Object.fromEntries(Object.entries(route.query).filter(([name]) => !names.includes(name)))
  const filter = computed(() => ({ video_id: text('video'), person_id: text('person') }))
  const wanted = ref<string | null>(text('item') || null)
  const done = ref<Done>(new Map())
  const past = shallowRef<Step[]>([])

  const pages = useInfiniteQuery({
    queryKey: ['review', project, filter],
    queryFn: ({ pageParam, signal }) => listReview(project(), filter.value, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    // The queue holds still while somebody works through it: what is done is left out here.
    staleTime: Infinity,
    gcTime: 0,
  })
  const shown = useShown(pages)
  const people = useQuery({ queryKey: ['people', project], queryFn: ({ signal }) => listPeople(project(), signal) })
  const personId = (name: string): string | null =>
    people.data.value?.find((one) => one.name === name)?.person_id ?? null

  const items = computed(() => pages.data.value?.pages.flatMap((page) => page.items) ?? [])
  const open = computed(() => openItems(items.value, done.value))
  const current = computed(() => currentItem(items.value, done.value, wanted.value))
  const next = computed(() => upcoming(items.value, done.value, current.value, AHEAD))
  const totals = computed(() => {
    const first = pages.data.value?.pages[0]
    if (!first) return null
    const asked = { n: first.total ?? 0, secondsLeft: first.seconds_left, seconds: first.seconds }
    return totalsAfter(asked, items.value, done.value)
  })
  const nSkipped = computed(() => [...done.value.values()].filter((how) => how === 'skipped').length)

  const saying = useSaying({
    project,
    renew: async () => {
      const others = ['groups', 'people', 'appearances', 'overview', 'decisions']
      await Promise.all(others.map((name) => queries.invalidateQueries({ queryKey: [name, project()] })))
    },
  })

  watch([() => filter.value.video_id, () => filter.value.person_id], () => {
    done.value = new Map()
    past.value = []
  })
  // The address says which item is shown.
  watch(
    () => current.value?.id,
    (id) => {
      wanted.value = id ?? null
      const rest = others('item')
      if (id !== text('item')) void router.replace({ query: id ? { ...rest, item: id } : rest })
    },
  )
  watch(
    [() => open.value.length, pages.hasNextPage],
    ([left, more]) => {
      if (left < FEW && more && !pages.isFetchingNextPage.value) void pages.fetchNextPage()
    },
    { immediate: true },
  )
  watch([next, people.data], ([coming]) => coming.forEach((item) => void prepare(item)), { immediate: true })

  /** Have all that is shown of an item at hand before it is shown. */
  async function prepare(item: ReviewItem): Promise<void> {
    const entry = entryOf(item.appearance)
    const track = trackName(item.appearance, wholeTrack(item.appearance.track_id))
    const names = item.appearance.candidates.slice(0, N_CANDIDATES).map((one) => personId(one.name))
    const ids = names.filter((id) => id !== null)
    const video = ['video', item.video_id]
    void queries.prefetchQuery({ queryKey: video, queryFn: () => getVideo(item.video_id), staleTime: 60_000 })
    if (ids.length) {
      const pictures = await queries.fetchQuery(referencesOf(project(), ids)).catch(() => new Map<string, string[]>())
      ;[...pictures.values()].flat().forEach(load)
    }
    void queries.prefetchQuery(samplesOf(track))
    const best = await queries.fetchQuery(bestOf(partOf(entry))).catch(() => [])
    best.forEach((one) => load(one.url))
  }

  function mark(item: ReviewItem, how: 'said' | 'skipped' | null): void {
    const now = new Map(done.value)
    if (how) now.set(item.id, how)
    else now.delete(item.id)
    done.value = now
  }

  function leave(item: ReviewItem, how: 'said' | 'skipped'): Step {
    const step = { item, how, holds: true }
    wanted.value = upcoming(items.value, done.value, item, 1)[0]?.id ?? null
    past.value = [...past.value, step]
    mark(item, how)
    return step
  }

  /** Say something of the item that is shown, and go on with the next one at once. */
  async function say(said: Said): Promise<void> {
    const item = current.value
    if (!item) return
    const step = leave(item, 'said')
    await saying.attempt(
      async () => {
        const reports = await decideAll(project(), bodiesOf(item.appearance, said))
        const ids = reports.flatMap((report) => report.decisions.map((one) => one.decision_id))
        saying.told({ said: ids, label: words(said, reports, t) }, back)
      },
      () => {
        step.holds = false
        mark(item, null)
        past.value = past.value.filter((one) => one !== step)
      },
    )
  }

  function skip(): void {
    if (current.value) leave(current.value, 'skipped')
  }

  /** Go back to the item before, and take back what was said of it. */
  async function back(): Promise<void> {
    const last = past.value.at(-1)
    if (!last) return void notices.tell(t('decide.nothingToUndo'))
    past.value = past.value.slice(0, -1)
    mark(last.item, null)
    wanted.value = last.item.id
    if (last.how === 'skipped') return
    await saying.undo(
      () => {
        past.value = [...past.value, last]
        mark(last.item, 'said')
      },
      () => last.holds,
    )
  }

  /** Ask for the whole queue anew, with what was skipped. */
  function again(): void {
    done.value = new Map()
    past.value = []
    void queries.resetQueries({ queryKey: ['review', project()] })
  }

  function narrow(name: 'video' | 'person', value: string): void {
    const rest = others(name, 'item')
    void router.replace({ query: value ? { ...rest, [name]: value } : rest })
  }

  return {
    current,
    next,
    totals,
    nSkipped,
    share: computed(() => (totals.value ? settledShare(totals.value) : 0)),
    filter,
    people: people.data,
    personId,
    isSaving: saying.isSaving,
    state: computed(() => {
      if (shown.state.value !== 'ready') return shown.state.value
      if (!current.value && pages.isFetching.value) return 'loading' as const
      return current.value ? ('ready' as const) : ('empty' as const)
    }),
    error: shown.error,
    isBusy: shown.isBusy,
    renew: () => void pages.refetch(),
    say,
    skip,
    back,
    again,
    narrow,
  }
}

function load(url: string): void {
  new Image().src = url
}
