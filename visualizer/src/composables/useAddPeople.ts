import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { addPeople } from '@/api/people'
import { counted, type ListedPerson, type PictureAddress, understood } from '@/lib/nameList'
import { said } from '@/lib/said'
import { useDrafts } from '@/stores/drafts'
import type { TrainingJobs } from './useTrainingJobs'

export type Adding = { state: 'idle' | 'sending' } | { state: 'error'; text: string }

/** Names that are sent at once. */
const BATCH = 500
/** What one search is for: its parameters have a bounded size. */
const SEARCH = { people: 200, characters: 40_000 }

/** A list of names that is understood while it is typed; what was typed stays until all of it has arrived. */
export function useAddPeople(project: () => string, known: () => ReadonlySet<string>, jobs: TrainingJobs) {
  const queries = useQueryClient()
  const drafts = useDrafts()
  const adding = ref<Adding>({ state: 'idle' })
  const searches = ref(true)
  const wanted = ref(20)
  const text = computed({
    get: () => drafts.names[project()] ?? '',
    set: (value) => (drafts.names[project()] = value),
  })
  const list = computed(() => understood(text.value, known()))
  const counts = computed(() => counted(list.value.lines))

  /** Send all: those who are there already are not made twice, so that it can be tried again after a failure. */
  async function send(): Promise<boolean> {
    const { people, addresses } = list.value
    adding.value = { state: 'sending' }
    try {
      for (let at = 0; at < people.length; at += BATCH) {
        const { refused } = await addPeople(
          project(),
          people.slice(at, at + BATCH).map(({ name, uri }) => ({ name, uri })),
        )
        // What the server does not take stays in the list, and says why.
        if (refused[0]) throw new Error(said(refused[0].detail))
      }
      if (searches.value)
        for (const params of searchesFor(people, addresses)) await jobs.crawl({ ...params, max_num: wanted.value })
      text.value = ''
      adding.value = { state: 'idle' }
      return true
    } catch (err) {
      adding.value = { state: 'error', text: err instanceof Error ? err.message : String(err) }
      return false
    } finally {
      void queries.invalidateQueries({ queryKey: ['people'] })
    }
  }

  return { text, list, counts, adding, searches, wanted, send }
}

/** The parameters of the jobs that search for people, as few jobs as their size allows. */
export function searchesFor(
  people: readonly ListedPerson[],
  addresses: readonly PictureAddress[],
): { keywords: string[]; addresses?: PictureAddress[] }[] {
  const jobs: { keywords: string[]; addresses: PictureAddress[] }[] = []
  let size = Infinity
  for (const { name } of people) {
    const own = addresses.filter((one) => one.name === name)
    const length = name.length + JSON.stringify(own).length
    const job = jobs.at(-1)
    if (job && job.keywords.length < SEARCH.people && size + length < SEARCH.characters) {
      job.keywords.push(name)
      job.addresses.push(...own)
      size += length
    } else {
      jobs.push({ keywords: [name], addresses: own })
      size = length
    }
  }
  return jobs.map(({ keywords, addresses }) => (addresses.length ? { keywords, addresses } : { keywords }))
}
