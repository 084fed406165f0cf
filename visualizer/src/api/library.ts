/** Projects, people, videos and jobs. */

import {
  answered,
  allOf,
  client,
  type Image,
  type Job,
  type Person,
  type Project,
  type ProjectVideo,
  type Schemas,
  type Video,
} from './client'

const PAGE = 200
/** People come with little: a screen full of them first, then as many as the server gives at once. */
const FIRST = 120
const MANY = 500

export function listProjects(signal?: AbortSignal): Promise<Project[]> {
  return allOf((cursor) =>
    answered(client.GET('/api/v1/projects', { params: { query: { limit: PAGE, cursor } }, signal })),
  )
}

export type Engine = Schemas['Engine']

/** The engines that a project may begin with. */
export async function listEngines(signal?: AbortSignal): Promise<Engine[]> {
  return (await answered(client.GET('/api/v1/engines', { signal }))).items
}

/** Begin a project; with the usual engine where it is empty. */
export function beginProject(project: string, engine: string): Promise<Project> {
  return answered(client.POST('/api/v1/projects', { body: { project, engine } }))
}

/** The videos of a project, each with how many people are to be seen in it. */
export function listVideos(project: string, signal?: AbortSignal): Promise<ProjectVideo[]> {
  return allOf((cursor) =>
    answered(
      client.GET('/api/v1/projects/{project}/videos', {
        params: { path: { project }, query: { limit: PAGE, cursor, sort: '-added_at', counts: true } },
        signal,
      }),
    ),
  )
}

/** A video of a project with the analysis that counts there, or with its first one while that is under way. */
export function getProjectVideo(
  project: string,
  video_id: string,
  fragment: string,
  signal?: AbortSignal,
): Promise<ProjectVideo> {
  return answered(
    client.GET('/api/v1/projects/{project}/videos/{video_id}', {
      params: { path: { project, video_id }, query: { fragment } },
      signal,
    }),
  )
}

/** Take a video out of a project. */
export async function removeVideo(project: string, video_id: string, fragment: string): Promise<void> {
  await answered(
    client.DELETE('/api/v1/projects/{project}/videos/{video_id}', {
      params: { path: { project, video_id }, query: { fragment } },
    }),
  )
}

export function getVideo(video_id: string, signal?: AbortSignal): Promise<Video> {
  return answered(client.GET('/api/v1/videos/{video_id}', { params: { path: { video_id } }, signal }))
}

/** All people of a project; `heard` is told who is there so far. */
export function listPeople(
  project: string,
  signal?: AbortSignal,
  heard?: (people: Person[]) => void,
): Promise<Person[]> {
  return allOf(
    (cursor) =>
      answered(
        client.GET('/api/v1/projects/{project}/people', {
          params: { path: { project }, query: { limit: cursor ? MANY : FIRST, cursor } },
          signal,
        }),
      ),
    heard,
  )
}

/** Some pictures that the model knows a person by. */
export async function listReferences(project: string, person_id: string, signal?: AbortSignal): Promise<Image[]> {
  const page = await answered(
    client.GET('/api/v1/projects/{project}/images', {
      params: { path: { project }, query: { person_id, state: 'active', limit: 6 } },
      signal,
    }),
  )
  return page.items.filter((image) => image.aligned_path !== null)
}

/** The latest jobs of a project. */
export async function listJobs(project: string, signal?: AbortSignal): Promise<Job[]> {
  return (await answered(client.GET('/api/v1/jobs', { params: { query: { project, limit: 50 } }, signal }))).items
}

/** Have a video analysed, by its address or by the name that the server knows it under; anew where it was analysed before. */
export function addVideo(
  project: string,
  params: ({ video: string } | { video_id: string }) & { no_cache?: boolean },
): Promise<Job> {
  return answered(
    client.POST('/api/v1/projects/{project}/jobs', {
      params: { path: { project } },
      body: { kind: 'analyse', params },
    }),
  )
}

export function cancelJob(job_id: string): Promise<Job> {
  return answered(client.POST('/api/v1/jobs/{job_id}/cancel', { params: { path: { job_id } } }))
}

export function retryJob(job_id: string): Promise<Job> {
  return answered(client.POST('/api/v1/jobs/{job_id}/retry', { params: { path: { job_id } } }))
}

/**
 * Ask for the first byte of a film, as a player does that cannot say why it got none.
 *
 * @throws ApiError with the reason where the server does not give it.
 */
export async function tryFilm(video_id: string, signal?: AbortSignal): Promise<void> {
  await answered(
    client.GET('/api/v1/videos/{video_id}/media', {
      params: { path: { video_id } },
      headers: { Range: 'bytes=0-0' },
      parseAs: 'blob',
      signal,
    }),
  )
}
