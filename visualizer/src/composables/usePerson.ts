import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { ApiError, type Person } from '@/api/client'
import { changePerson, getPerson, type KeptPerson, listPersonAppearances } from '@/api/people'
import { changedFields, type Conflict, merged } from '@/lib/merging'

/** What of a person can be edited, as it is typed. */
export interface PersonFields {
  name: string
  aliases: string[]
  uri: string
  description: string
  notes: string
  recognisable: boolean
}

export type Saving =
  | { state: 'idle' | 'saving' }
  | { state: 'error'; text: string }
  | { state: 'conflict'; conflicts: Conflict<PersonFields>[]; taken: (keyof PersonFields)[] }

export function fieldsOf(person: Person): PersonFields {
  const { name, aliases, uri, description, recognisable, metadata } = person
  return {
    name,
    aliases: [...aliases],
    uri: uri ?? '',
    description,
    notes: typeof metadata.notes === 'string' ? metadata.notes : '',
    recognisable,
  }
}

/** Somebody, and the editing of them: what others changed in between is merged where it can be, and told where it cannot. */
export function usePerson(project: () => string, personId: () => string) {
  const queries = useQueryClient()
  const queryKey = ['person', project, personId]
  const query = useQuery({ queryKey, queryFn: ({ signal }) => getPerson(project(), personId(), signal) })
  const appearances = useQuery({
    queryKey: ['appearances', project, 'of', personId],
    queryFn: ({ signal }) => listPersonAppearances(project(), personId(), signal),
    structuralSharing: false,
  })
  const saving = ref<Saving>({ state: 'idle' })
  /** What the editing began from: a later state comes in by merging alone. */
  let base: KeptPerson | null = null

  function begin(): PersonFields {
    base = query.data.value ?? null
    saving.value = { state: 'idle' }
    return fieldsOf(base!.person)
  }

  /** Save what was typed; returns what is to be shown in the form where it could not be saved as it is, else null. */
  async function save(mine: PersonFields): Promise<PersonFields | null> {
    if (!base) return mine
    saving.value = { state: 'saving' }
    try {
      keep(await changePerson(project(), personId(), base.etag, bodyOf(base.person, mine)))
      saving.value = { state: 'idle' }
      return null
    } catch (err) {
      if (err instanceof ApiError && err.code === 'precondition_failed') return mergedWithTheirs(mine)
      saving.value = { state: 'error', text: err instanceof Error ? err.message : String(err) }
      return mine
    }
  }

  async function mergedWithTheirs(mine: PersonFields): Promise<PersonFields> {
    try {
      const theirs = await getPerson(project(), personId())
      const { values, conflicts, taken } = merged(fieldsOf(base!.person), mine, fieldsOf(theirs.person))
      base = theirs
      queries.setQueryData(['person', project(), personId()], theirs)
      saving.value = { state: 'conflict', conflicts, taken }
      return values
    } catch (err) {
      saving.value = { state: 'error', text: err instanceof Error ? err.message : String(err) }
      return mine
    }
  }

  function keep(now: KeptPerson): void {
    queries.setQueryData(['person', project(), personId()], now)
    for (const word of ['people', 'appearances', 'overview']) void queries.invalidateQueries({ queryKey: [word] })
  }

  return { query, person: computed(() => query.data.value?.person), appearances, saving, begin, save }
}

/** What is sent: only what was changed. Notes live among the free metadata, whose other entries stay. */
export function bodyOf(person: Person, mine: PersonFields): Record<string, unknown> {
  const { notes, ...rest } = changedFields(fieldsOf(person), mine)
  return notes === undefined ? rest : { ...rest, metadata: { ...person.metadata, notes } }
}
