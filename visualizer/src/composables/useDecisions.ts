import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Appearance } from '@/api/client'
import { decide, type NewDecision, type Report, undo as takeBack } from '@/api/tracks'
import { type Entry, expected, type Said, type Seen, shown, trackName } from '@/lib/appearances'
import { did, didAgain, tookBack } from '@/lib/history'
import type { Interval } from '@/lib/interval'
import { clock } from '@/lib/time'
import { useDecisionHistory } from '@/stores/decisions'
import { useNotices } from '@/stores/notices'
import { appearancesKey, type VideoKey } from './useVideoData'

/**
 * Say who is who. The page shows at once what will be; when the server refuses, it shows what was, and says why.
 *
 * Decisions are sent one after the other in the order in which they were made: the second may rest on the first.
 */
export function useDecisions(key: VideoKey) {
  const queries = useQueryClient()
  const histories = useDecisionHistory()
  const notices = useNotices()
  const { t } = useI18n()
  const waiting = ref(0)
  let line: Promise<unknown> = Promise.resolve()

  const history = computed(() => histories.of(key.project()))

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    waiting.value++
    const turn = line.then(work, work).finally(() => waiting.value--)
    line = turn.catch(() => undefined)
    return turn
  }

  async function renew(): Promise<void> {
    // While more is to be said, what the server would answer is old already.
    if (waiting.value > 1) return
    await Promise.all(
      [appearancesKey(key), ...['people', 'decisions', 'project-video'].map((name) => [name, key.project()])].map(
        (queryKey) => queries.invalidateQueries({ queryKey }),
      ),
    )
  }

  /** Show what will be, send it, and put back what was where that fails: then it can be said again without being typed again. */
  async function attempt(
    optimistic: (now: Appearance[]) => Appearance[],
    work: () => Promise<void>,
    again: () => unknown = () => attempt(optimistic, work),
  ): Promise<void> {
    const queryKey = appearancesKey(key)
    await queries.cancelQueries({ queryKey })
    const before = queries.getQueryData<Appearance[]>(queryKey)
    if (before) queries.setQueryData(queryKey, optimistic(before))
    try {
      await inTurn(async () => {
        await work()
        await renew()
      })
    } catch (err) {
      if (before) queries.setQueryData(queryKey, before)
      void queries.invalidateQueries({ queryKey })
      const why = err instanceof Error ? err.message : String(err)
      notices.warn(t('decide.failed', { why }), { label: t('state.again'), run: () => void again() })
    }
  }

  /** Send what is left to be said: what was said before one was refused is not said twice when it is tried again. */
  async function send(left: NewDecision[], label: (reports: Report[]) => string): Promise<void> {
    const reports: Report[] = []
    try {
      for (; left.length; left.shift()) reports.push(await decide(key.project(), left[0]!))
    } finally {
      // What was said before one was refused holds, and can be taken back.
      if (reports.length) {
        const said = reports.map((report) => report.decision.decision_id)
        histories.keep(key.project(), did(history.value, { label: label(reports), said }))
      }
    }
    notices.tell(label(reports), { label: t('decide.undo'), run: () => void undo() })
  }

  function say(entry: Entry, said: Said): Promise<void> {
    const left = bodiesOf(entry, said)
    return attempt(
      (now) => expected(now, entry.seen.track_id, said) as Appearance[],
      () => send(left, (reports) => words(said, reports, t)),
    )
  }

  /** Say that somebody is to be seen in a stretch of the film, whether a track shows them or not. */
  function sayShown(interval: Interval, name: string, personId: string | null): Promise<void> {
    const target = {
      kind: 'interval' as const,
      video_id: key.videoId(),
      fragment: key.fragment(),
      start_npt: interval.start,
      end_npt: interval.end,
    }
    const times = { start: clock(interval.start, 1), end: clock(interval.end, 1) }
    return attempt(
      (now) => [...now, shown(interval, name, personId) as Appearance],
      () => send([{ verb: 'is', person: name, target }], () => t('decide.didShown', { name, ...times })),
    )
  }

  /** Give several appearances one name, in one step that can be taken back. */
  function nameAll(entries: readonly Entry[], name: string, personId: string | null): Promise<void> {
    const said = { verb: 'is' as const, name, personId }
    const tell = (): string => t('decide.didNameAll', { name, n: entries.length }, entries.length)
    return attempt(
      (now) => entries.reduce<Seen[]>((all, one) => expected(all, one.seen.track_id, said), now) as Appearance[],
      () =>
        send(
          entries.flatMap((entry) => bodiesOf(entry, said)),
          tell,
        ),
    )
  }

  /** Take back what made an appearance that no track shows. */
  function withdraw(entry: Entry, decision: string): Promise<void> {
    return attempt(
      (now) => now.filter((one) => one.track_id !== entry.seen.track_id),
      async () => {
        const by = (await takeBack(key.project(), decision)).decision.decision_id
        const label = t('decide.didWithdraw', { name: entry.seen.name })
        histories.keep(key.project(), did(history.value, { label, said: [by] }))
        notices.tell(label, { label: t('decide.undo'), run: () => void undo() })
      },
    )
  }

  async function undo(): Promise<void> {
    const step = history.value.done.at(-1)
    if (!step) return notices.tell(t('decide.nothingToUndo'))
    const work = async (): Promise<void> => {
      histories.keep(key.project(), tookBack(history.value, await takeAll(step.said)))
      notices.tell(t('decide.undid', { what: step.label }))
    }
    await attempt(same, work, undo)
  }

  async function redo(): Promise<void> {
    const step = history.value.undone.at(-1)
    if (!step) return notices.tell(t('decide.nothingToRedo'))
    const work = async (): Promise<void> => {
      histories.keep(key.project(), didAgain(history.value, await takeAll(step.said)))
      notices.tell(t('decide.redid', { what: step.label }))
    }
    await attempt(same, work, redo)
  }

  /** Take back all of a step, the last first. What says so can be taken back as well: that is how a thing is said again. */
  async function takeAll(ids: readonly string[]): Promise<string[]> {
    const by = []
    for (const id of [...ids].reverse()) by.push((await takeBack(key.project(), id)).decision.decision_id)
    return by
  }

  return {
    say,
    sayShown,
    nameAll,
    withdraw,
    undo,
    redo,
    canUndo: computed(() => history.value.done.length > 0),
    canRedo: computed(() => history.value.undone.length > 0),
    isSaving: computed(() => waiting.value > 0),
  }
}

const same = (now: Appearance[]): Appearance[] => now

/** What is sent: an appearance of several tracks is spoken of track by track, an unknown person as one. */
function bodiesOf({ seen }: Entry, said: Said): NewDecision[] {
  const track = (id = seen.track_id) => ({ kind: 'track' as const, track: trackName(seen, id) })
  const each = (more: Omit<NewDecision, 'target'>): NewDecision[] =>
    (seen.merged_tracks.length ? seen.merged_tracks : [seen.track_id]).map((id) => ({ ...more, target: track(id) }))
  switch (said.verb) {
    case 'is':
      if (said.unknownId !== undefined) {
        return [{ verb: 'is', person: said.name, target: { kind: 'unknown', unknown_id: said.unknownId } }]
      }
      return each({ verb: 'is', person: said.name })
    case 'is_not':
      return each({ verb: 'is_not', person: said.name })
    case 'unknown':
    case 'ignore':
      return each({ verb: said.verb })
    case 'split':
      return [{ verb: 'split', npt: said.npt, target: track(said.track) }]
    case 'merge':
    case 'same':
      return [{ verb: said.verb === 'same' ? 'same_person' : 'merge', target: track(), other: track(said.other) }]
  }
}

function words(said: Said, reports: Report[], t: ReturnType<typeof useI18n>['t']): string {
  switch (said.verb) {
    case 'is': {
      const n = new Set(reports.flatMap((report) => report.changed)).size
      // What touches very many tracks is done by a worker, which nobody waits for.
      if (reports.some((report) => report.job)) return t('decide.didIsLater', { name: said.name })
      return said.unknownId === undefined
        ? t('decide.didIs', { name: said.name })
        : t('decide.didIsVideos', { name: said.name, n }, n)
    }
    case 'is_not':
      return t('decide.didIsNot', { name: said.name })
    case 'unknown':
      return t('decide.didUnknown')
    case 'ignore':
      return t('decide.didIgnore')
    case 'split':
      return t('decide.didSplit', { time: clock(said.npt, 1) })
    case 'merge':
      return t('decide.didMerge')
    case 'same':
      return t('decide.didSame')
  }
}
