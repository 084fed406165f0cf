import { useMutation, type UseMutationReturnType, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import type { Project } from '@/api/client'
import {
  changeClassifier,
  getProject,
  getReport,
  getStorage,
  getSummary,
  listSettings,
  newestModel,
} from '@/api/project'

/** How many of what a project holds, and what is new since its newest model. */
export function useSummary(project: MaybeRefOrGetter<string>, wanted: MaybeRefOrGetter<boolean> = true) {
  return useQuery({
    queryKey: ['summary', project],
    queryFn: ({ signal }) => getSummary(toValue(project), signal),
    enabled: () => toValue(wanted),
  })
}

/** What a project is and holds. */
export function useProject(project: MaybeRefOrGetter<string>) {
  const queries = useQueryClient()
  const name = (): string => toValue(project)
  const record = useQuery({ queryKey: ['project', project], queryFn: ({ signal }) => getProject(name(), signal) })
  const summary = useSummary(project)
  const storage = useQuery({
    queryKey: ['storage', project],
    queryFn: ({ signal }) => getStorage(name(), signal),
    staleTime: 60_000,
  })
  const settings = useQuery({ queryKey: ['settings', project], queryFn: ({ signal }) => listSettings(name(), signal) })

  /** Refused where somebody else changed the project meanwhile: then what it is now is shown. */
  const change: UseMutationReturnType<Project, Error, string, unknown> = useMutation<Project, Error, string>({
    mutationFn: (classifier: string) => changeClassifier(name(), record.data.value?.etag ?? '', classifier),
    onSettled: () =>
      Promise.all([['project'], ['settings']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
  return { record, summary, storage, settings, change }
}

/** The newest model of a project and its report. */
export function useNewestModel(project: MaybeRefOrGetter<string>) {
  const model = useQuery({
    queryKey: ['models', project, 'newest'],
    queryFn: ({ signal }) => newestModel(toValue(project), signal),
  })
  const modelId = computed(() => model.data.value?.model_id ?? '')
  const report = useQuery({
    queryKey: ['report', project, modelId],
    queryFn: ({ signal }) => getReport(toValue(project), modelId.value, signal),
    enabled: () => modelId.value !== '',
    staleTime: Infinity,
  })
  return { model, report }
}
