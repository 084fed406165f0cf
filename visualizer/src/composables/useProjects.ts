import { useMutation, type UseMutationReturnType, useQuery, useQueryClient } from '@tanstack/vue-query'
import { type MaybeRefOrGetter, toValue } from 'vue'
import type { Project } from '@/api/client'
import { beginProject, listProjects } from '@/api/library'

/** All projects that one may see. */
export function useProjects(wanted: MaybeRefOrGetter<boolean> = true) {
  return useQuery({
    queryKey: ['projects'],
    queryFn: ({ signal }) => listProjects(signal),
    enabled: () => toValue(wanted),
  })
}

export function useBeginProject(): UseMutationReturnType<Project, Error, string, unknown> {
  const queries = useQueryClient()
  return useMutation<Project, Error, string>({
    mutationFn: (name: string) => beginProject(name),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['projects'] }),
  })
}
