import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { listPeople } from '@/api/library'
import { decideAll, type Group, type GroupPage, listGroups, type Reports, splitGroup } from '@/api/review'
import type { NewDecision } from '@/api/tracks'
import { mergedGroup } from '@/lib/groups'
import { useDrafts } from '@/stores/drafts'
import { useSaying } from './useSaying'

type Pages = InfiniteData<GroupPage, string>

/** The wall of unknown people, and what can be said of them. What is said shows at once; what is refused shows as before. */
export function useGroups(project: () => string) {
  const queries = useQueryClient()
  const { t } = useI18n()
  const key = (): unknown[] => ['groups', project(), 'wall']
  /** What was typed and not saved yet, or refused, by group: nothing typed is lost. */
  const all = useDrafts().unknown
  const drafts = {
    get: (id: number): string => all[project()]?.[id] ?? '',
    set: (id: number, text: string): void => void ((all[project()] ??= {})[id] = text),
    delete: (id: number): void => void delete all[project()]?.[id],
  }

  const pages = useInfiniteQuery({
    queryKey: ['groups', project, 'wall'],
    queryFn: ({ pageParam, signal }) => listGroups(project(), pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const people = useQuery({ queryKey: ['people', project], queryFn: ({ signal }) => listPeople(project(), signal) })
  const names = computed(() => (people.data.value ?? []).map((one) => one.name))
  const groups = computed(() => pages.data.value?.pages.flatMap((page) => page.items) ?? [])
  const totals = computed(() => {
    const first = pages.data.value?.pages[0]
    return first ? { n: first.total ?? 0, seconds: first.seconds } : null
  })

  const saying = useSaying({
    project,
    renew: async () => {
      const others = ['groups', 'review', 'people', 'appearances', 'overview', 'decisions']
      await Promise.all(others.map((name) => queries.invalidateQueries({ queryKey: [name, project()] })))
    },
  })

  /** Show the wall as it will be; returns what shows it as it was. */
  async function foreseen(change: (groups: Group[]) => Group[]): Promise<() => void> {
    await queries.cancelQueries({ queryKey: key() })
    const before = queries.getQueryData<Pages>(key())
    if (before) {
      const now = before.pages.map((page) => {
        const items = change(page.items)
        return { ...page, items, total: (page.total ?? 0) - (page.items.length - items.length) }
      })
      queries.setQueryData<Pages>(key(), { ...before, pages: now })
    }
    return () => {
      if (before) queries.setQueryData(key(), before)
      void queries.invalidateQueries({ queryKey: key() })
    }
  }

  const without =
    (...ids: number[]) =>
    (items: Group[]): Group[] =>
      items.filter((one) => !ids.includes(one.unknown_id))

  async function say(
    change: (groups: Group[]) => Group[],
    send: () => Promise<Reports[]>,
    label: (reports: Reports[]) => string,
  ): Promise<boolean> {
    const putBack = await foreseen(change)
    return saying.attempt(async () => {
      const reports = await send()
      const said = reports.flatMap((report) => report.decisions.map((one) => one.decision_id))
      saying.told({ said, label: label(reports) })
    }, putBack)
  }

  const unknown = (unknown_id: number) => ({ kind: 'unknown' as const, unknown_id })
  const sendAll = (said: NewDecision[]) => () => decideAll(project(), said)

  /** Name a group: all its tracks of all videos, by one decision. */
  async function name(group: Group, person: string): Promise<boolean> {
    const told = (reports: Reports[]): string => {
      const isLater = reports.some((report) => report.jobs.length)
      const n = isLater ? group.n_videos : new Set(reports.flatMap((report) => report.changed)).size
      return t(isLater ? 'unknown.namedLater' : 'unknown.named', { name: person, n }, n)
    }
    drafts.set(group.unknown_id, person)
    const done = await say(
      without(group.unknown_id),
      sendAll([{ verb: 'is', person, target: unknown(group.unknown_id) }]),
      told,
    )
    if (done) drafts.delete(group.unknown_id)
    return done
  }

  function merge(group: Group, other: Group): Promise<boolean> {
    const both = mergedGroup(group, other)
    const gone = both.unknown_id === group.unknown_id ? other : group
    return say(
      (items) =>
        without(gone.unknown_id)(items).map((one) => (one.unknown_id === both.unknown_id ? { ...one, ...both } : one)),
      sendAll([{ verb: 'same_person', target: unknown(group.unknown_id), other: unknown(other.unknown_id) }]),
      () => t('unknown.merged'),
    )
  }

  const same = (items: Group[]): Group[] => items

  function notSame(group: Group, other: Group): Promise<boolean> {
    const said = {
      verb: 'not_same_person',
      target: unknown(group.unknown_id),
      other: unknown(other.unknown_id),
    } as const
    return say(same, sendAll([said]), () => t('unknown.notSame'))
  }

  function isNot(group: Group, person: string): Promise<boolean> {
    const said = { verb: 'is_not', person, target: unknown(group.unknown_id) } as const
    return say(same, sendAll([said]), () => t('unknown.isNot', { name: person }))
  }

  function ignore(group: Group): Promise<boolean> {
    const said = { verb: 'ignore', target: unknown(group.unknown_id) } as const
    return say(without(group.unknown_id), sendAll([said]), () => t('unknown.ignored'))
  }

  function split(group: Group, tracks: string[], together: boolean): Promise<boolean> {
    const send = async (): Promise<Reports[]> => [await splitGroup(project(), group.unknown_id, tracks, together)]
    const n = tracks.length
    return say(same, send, () => t(together ? 'unknown.splitNew' : 'unknown.splitAway', { n }, n))
  }

  return {
    groups,
    totals,
    names,
    drafts,
    pages,
    name,
    merge,
    notSame,
    isNot,
    ignore,
    split,
    undo: () => saying.undo(),
    redo: () => saying.redo(),
  }
}

export type Groups = ReturnType<typeof useGroups>
