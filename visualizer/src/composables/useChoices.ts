import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { urls } from '@/api/client'
import { listPeople } from '@/api/library'
import { listUnknown } from '@/api/search'
import { type Choice, idOf } from '@/lib/whom'

/** Everybody of a project who can be looked for: people first, then unknown people, those seen most first. */
export function useChoices(project: () => string) {
  const { t } = useI18n()
  const people = useQuery({
    queryKey: ['people', project, 'choices'],
    queryFn: ({ signal }) => listPeople(project(), signal),
  })
  const unknown = useQuery({
    queryKey: ['search', 'unknown', project],
    queryFn: ({ signal }) => listUnknown(project(), signal),
  })
  const choices = computed((): Choice[] => [
    ...(people.data.value ?? []).map((one) => ({
      id: one.person_id,
      person_id: one.person_id,
      unknown_id: null,
      name: one.name,
      aliases: one.aliases,
      picture: urls.person(project(), one.person_id),
    })),
    ...(unknown.data.value ?? []).map(({ unknown_id, name }) => ({
      id: idOf({ person_id: null, unknown_id }),
      person_id: null,
      unknown_id,
      name: name || t('video.unknown', { n: unknown_id }),
      aliases: [],
      picture: urls.unknown(project(), unknown_id),
    })),
  ])
  const nameOf = computed(() => new Map(choices.value.map((one) => [one.id, one.name])))
  return { choices, nameOf, isPending: people.isPending, error: people.error, again: people.refetch }
}
