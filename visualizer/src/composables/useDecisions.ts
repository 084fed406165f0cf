import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import type { Appearance } from '@/api/client'
import { decide, type NewDecision, type Report } from '@/api/tracks'
import { type Entry, expected, type Said, type Seen, trackName } from '@/lib/appearances'
import { clock } from '@/lib/time'
import { useNotices } from '@/stores/notices'
import { useSaying } from './useSaying'
import { appearancesKey, type VideoKey } from './useVideoData'

/**
 * Say who is who. The page shows at once what will be; when the server refuses, it shows what was, and says why.
 *
 * Decisions are sent one after the other in the order in which they were made: the second may rest on the first.
 */
export function useDecisions(key: VideoKey) {
  const queries = useQueryClient()
  const notices = useNotices()
  const { t } = useI18n()
  const queryKey = () => appearancesKey(key)
  const saying = useSaying({ project: key.project, renew })

  async function renew(): Promise<void> {
    const project = key.project()
    const others = [['people', project], ['decisions', project], ...['review', 'groups'].map((name) => [name, project])]
    await Promise.all([queryKey(), ...others].map((one) => queries.invalidateQueries({ queryKey: one })))
  }

  /** Show what will be; returns what shows again what was. */
  async function foreseen(optimistic: (now: Appearance[]) => Appearance[]): Promise<() => void> {
    const shown = queryKey()
    await queries.cancelQueries({ queryKey: shown })
    const before = queries.getQueryData<Appearance[]>(shown)
    if (before) queries.setQueryData(shown, optimistic(before))
    return () => {
      if (before) queries.setQueryData(shown, before)
      void queries.invalidateQueries({ queryKey: shown })
    }
  }

  async function send(bodies: NewDecision[], label: (reports: Report[]) => string): Promise<void> {
    const reports: Report[] = []
    try {
      for (const body of bodies) reports.push(await decide(key.project(), body))
    } finally {
      // What was said before one was refused holds, and can be taken back.
      if (reports.length) {
        saying.keep({ label: label(reports), said: reports.map((report) => report.decision.decision_id) })
      }
    }
    notices.tell(label(reports), { label: t('decide.undo'), run: () => void undo() })
  }

  async function say(entry: Entry, said: Said): Promise<void> {
    const putBack = await foreseen((now) => expected(now, entry.seen.track_id, said) as Appearance[])
    await saying.attempt(() => send(bodiesOf(entry.seen, said), (reports) => words(said, reports, t)), putBack)
  }

  async function undo(): Promise<void> {
    await saying.undo(await foreseen(same))
  }

  async function redo(): Promise<void> {
    await saying.redo(await foreseen(same))
  }

  const { canUndo, canRedo, isSaving } = saying
  return { say, undo, redo, canUndo, canRedo, isSaving }
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
      return [{ verb: 'merge', target: track(), other: track(said.other) }]
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
      if (isLater && said.unknownId !== undefined) return t('unknown.namedSoon', { name: said.name })
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
  }
}
