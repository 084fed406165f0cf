import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import type { Appearance } from '@/api/client'
import { decide, type NewDecision, type Report, undo as takeBack } from '@/api/tracks'
import { type Entry, expected, type Said, type Seen, shown, trackName } from '@/lib/appearances'
import type { Interval } from '@/lib/interval'
import { clock } from '@/lib/time'
import { useNotices } from '@/stores/notices'
import { useSaying } from './useSaying'
import { appearancesKey, type VideoKey } from './useVideoData'

/** An appearance, and a time in it, that something was said of. */
export interface Spot {
  track: string
  npt: number
}

/**
 * Say who is who. The page shows at once what will be; when the server refuses, it shows what was, and says why.
 *
 * Decisions are sent one after the other in the order in which they were made: the second may rest on the first.
 *
 * @param went Is told which appearance of this video a step was about that is taken back or said again.
 */
export function useDecisions(key: VideoKey, went: (spot: Spot) => void = () => undefined) {
  const queries = useQueryClient()
  const notices = useNotices()
  const { t } = useI18n()
  const queryKey = () => appearancesKey(key)
  const saying = useSaying({ project: key.project, renew, went: (of) => here(of, went) })

  /** What was said of is kept as a word, with its video: steps outlive a walk to another one. */
  function spotOf(entry: Entry, npt = entry.start): string {
    return JSON.stringify([key.videoId(), key.fragment(), entry.key, npt])
  }

  function here(of: string, act: (spot: Spot) => void): void {
    const [video, fragment, track, npt] = JSON.parse(of) as [string, string, string, number]
    if (video === key.videoId() && fragment === key.fragment()) act({ track, npt })
  }

  async function renew(): Promise<void> {
    const project = key.project()
    const others = [
      ['people', project],
      ['decisions', project],
      ...['project-video', 'review', 'groups'].map((name) => [name, project]),
    ]
    await Promise.all([queryKey(), ...others].map((one) => queries.invalidateQueries({ queryKey: one })))
  }

  /** Show what will be; returns what shows again what was. */
  async function foreseen(optimistic: (now: Appearance[]) => Appearance[]): Promise<() => void> {
    const seen = queryKey()
    await queries.cancelQueries({ queryKey: seen })
    const before = queries.getQueryData<Appearance[]>(seen)
    if (before) queries.setQueryData(seen, optimistic(before))
    return () => {
      if (before) queries.setQueryData(seen, before)
      void queries.invalidateQueries({ queryKey: seen })
    }
  }

  /** Send what is left to be said: what was said before one was refused is not said twice when it is tried again. */
  async function send(left: NewDecision[], label: (reports: Report[]) => string, of?: string): Promise<void> {
    const reports: Report[] = []
    try {
      for (; left.length; left.shift()) reports.push(await decide(key.project(), left[0]!))
    } finally {
      // What was said before one was refused holds, and can be taken back.
      if (reports.length) {
        saying.keep({ label: label(reports), said: reports.map((report) => report.decision.decision_id), of })
      }
    }
    notices.tell(label(reports), { label: t('decide.undo'), run: () => void undo() })
  }

  /** Show what will be and do it; where that fails it is put back, and can be done again without being typed again. */
  async function attempt(optimistic: (now: Appearance[]) => Appearance[], work: () => Promise<unknown>): Promise<void> {
    await saying.attempt(work, await foreseen(optimistic), () => attempt(optimistic, work))
  }

  function say(entry: Entry, said: Said): Promise<void> {
    const left = bodiesOf(entry.seen, said)
    const of = spotOf(entry, said.verb === 'split' ? said.npt : entry.start)
    return attempt(
      (now) => expected(now, entry.seen.track_id, said) as Appearance[],
      () => send(left, (reports) => words(said, reports, t), of),
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
    const left: NewDecision[] = [{ verb: 'is', person: name, target }]
    return attempt(
      (now) => [...now, shown(interval, name, personId) as Appearance],
      () => send(left, () => t('decide.didShown', { name, ...times })),
    )
  }

  /** Give several appearances one name, in one step that can be taken back. */
  function nameAll(entries: readonly Entry[], name: string, personId: string | null): Promise<void> {
    const said = { verb: 'is' as const, name, personId }
    const left = entries.flatMap((entry) => bodiesOf(entry.seen, said))
    const tell = (): string => t('decide.didNameAll', { name, n: entries.length }, entries.length)
    return attempt(
      (now) => entries.reduce<Seen[]>((all, one) => expected(all, one.seen.track_id, said), now) as Appearance[],
      () => send(left, tell, entries[0] && spotOf(entries[0])),
    )
  }

  /** Take back what made an appearance that no track shows. */
  function withdraw(entry: Entry, decision: string): Promise<void> {
    return attempt(
      (now) => now.filter((one) => one.track_id !== entry.seen.track_id),
      async () => {
        const by = (await takeBack(key.project(), decision)).decision.decision_id
        saying.told({ label: t('decide.didWithdraw', { name: entry.seen.name }), said: [by] }, () => void undo())
      },
    )
  }

  async function undo(): Promise<void> {
    await saying.undo(await foreseen(same), undefined, undo)
  }

  async function redo(): Promise<void> {
    await saying.redo(await foreseen(same), redo)
  }

  const { canUndo, canRedo, isSaving } = saying
  return { say, sayShown, nameAll, withdraw, undo, redo, canUndo, canRedo, isSaving }
}

const same = (now: Appearance[]): Appearance[] => now

/** What is sent: an appearance of several tracks is spoken of track by track, an unknown person as one. */
export function bodiesOf(seen: Seen, said: Said): NewDecision[] {
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

/** What the server answered to one decision or to several. */
interface Answered {
  changed: string[]
  job?: unknown
  jobs?: unknown[]
}

/** What to tell of what was said. */
export function words(said: Said, reports: Answered[], t: ReturnType<typeof useI18n>['t']): string {
  switch (said.verb) {
    case 'is': {
      const isLater = reports.some((report) => report.job || report.jobs?.length)
      // What touches very many tracks is done by a worker, which nobody waits for.
      if (isLater) return t('decide.didIsLater', { name: said.name })
      const n = new Set(reports.flatMap((report) => report.changed)).size
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
