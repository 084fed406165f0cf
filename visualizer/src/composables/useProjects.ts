import { useMutation, type UseMutationReturnType, useQuery, useQueryClient } from '@tanstack/vue-query'
import { type MaybeRefOrGetter, toValue } from 'vue'
import type { Project } from '@/api/client'
import { beginProject, listEngines, listProjects } from '@/api/library'

/** All projects that one may see. */
export function useProjects(wanted: MaybeRefOrGetter<boolean> = true) {
  return useQuery({
    queryKey: ['projects'],
    queryFn: ({ signal }) => listProjects(signal),
    enabled: () => toValue(wanted),
  })
}

/** The engines that a project may begin with: what can run here does not change while the service runs. */
export function useEngines() {
  return useQuery({ queryKey: ['engines'], queryFn: ({ signal }) => listEngines(signal), staleTime: Infinity })
}

/** Where no engine is named the project begins with the usual one. */
export interface NewProject {
  project: string
  engine: string
}

export function useBeginProject(): UseMutationReturnType<Project, Error, NewProject, unknown> {
  const queries = useQueryClient()
  return useMutation<Project, Error, NewProject>({
    mutationFn: ({ project, engine }) => beginProject(project, engine),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['projects'] }),
  })
}
