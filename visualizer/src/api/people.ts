/** The people of a project: who they are, how much there is of them, and where they are to be seen. */

import { answered, ApiError, client, type Job, type Person, type Schemas } from './client'

export type PersonTotals = Schemas['PersonTotals']
export type PersonAppearances = Schemas['PersonAppearances']
export type AddedPeople = Schemas['AddedPeople']
export type PersonChange = Partial<Schemas['PersonChange']>

/** Somebody as they were when they were read, and the mark by which the server knows that state. */
export interface KeptPerson {
  person: Person
  etag: string
}

export async function listTotals(project: string, signal?: AbortSignal): Promise<PersonTotals[]> {
  return (
    await answered(client.GET('/api/v1/projects/{project}/people-totals', { params: { path: { project } }, signal }))
  ).items
}

/** Add people by name. Those whom the project has stay as they are, so that a list may be sent again. */
export function addPeople(project: string, people: { name: string; uri: string }[]): Promise<AddedPeople> {
  return answered(
    client.POST('/api/v1/projects/{project}/people-list', { params: { path: { project } }, body: { people } }),
  )
}

export async function getPerson(project: string, person_id: string, signal?: AbortSignal): Promise<KeptPerson> {
  const request = client.GET('/api/v1/projects/{project}/people/{person_id}', {
    params: { path: { project, person_id } },
    signal,
  })
  return { person: await answered(request), etag: await etagOf(request) }
}

/**
 * Change somebody who is as `etag` says.
 *
 * @throws ApiError with the code `precondition_failed` where somebody else changed them in between.
 */
export async function changePerson(
  project: string,
  person_id: string,
  etag: string,
  body: PersonChange,
): Promise<KeptPerson> {
  const request = client.PATCH('/api/v1/projects/{project}/people/{person_id}', {
    params: { path: { project, person_id } },
    headers: { 'If-Match': etag },
    body: body as Schemas['PersonChange'],
  })
  return { person: await answered(request), etag: await etagOf(request) }
}

async function etagOf(request: Promise<{ response: Response }>): Promise<string> {
  const found = (await request).response.headers.get('ETag')
  if (!found) throw new ApiError(0, 'unavailable', 'The server did not say which state this is.')
  return found
}

export function listPersonAppearances(
  project: string,
  person_id: string,
  signal?: AbortSignal,
): Promise<PersonAppearances> {
  return answered(
    client.GET('/api/v1/projects/{project}/people/{person_id}/appearances', {
      params: { path: { project, person_id } },
      signal,
    }),
  )
}

/** Have something done with the people of a project. The same work joins the job that does it already. */
export function startWork(project: string, kind: string, params: Record<string, unknown> = {}): Promise<Job> {
  return answered(
    client.POST('/api/v1/projects/{project}/jobs', { params: { path: { project } }, body: { kind, params } }),
  )
}
