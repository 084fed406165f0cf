/** Jobs: started, looked at, and what happened to them. */

import { answered, client, type Job, type Schemas } from './client'

export type JobEvent = Schemas['JobEvent']
export type JobPage = Schemas['JobPage']

export interface JobFilter {
  status?: Job['status']
  kind?: string
}

const PAGE = 50

/** Have something done; the same work joins the job that does it already. */
export function startJob(project: string, kind: string, params: Record<string, unknown> = {}): Promise<Job> {
  return answered(
    client.POST('/api/v1/projects/{project}/jobs', { params: { path: { project } }, body: { kind, params } }),
  )
}

export function getJob(job_id: string, signal?: AbortSignal): Promise<Job> {
  return answered(client.GET('/api/v1/jobs/{job_id}', { params: { path: { job_id } }, signal }))
}

/** A page of the jobs of a project, the latest first. */
export function pageOfJobs(project: string, filter: JobFilter, cursor: string, signal?: AbortSignal): Promise<JobPage> {
  const query = { project, limit: PAGE, cursor, ...filter }
  return answered(client.GET('/api/v1/jobs', { params: { query }, signal }))
}

/** What happened to a job after an event that is known. */
export async function listEvents(job_id: string, after: number, signal?: AbortSignal): Promise<JobEvent[]> {
  const query = { after, limit: 500 }
  const path = { job_id }
  return (await answered(client.GET('/api/v1/jobs/{job_id}/events', { params: { path, query }, signal }))).items
}
