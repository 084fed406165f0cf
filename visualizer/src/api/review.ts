/** What the model doubts, and whom nobody named yet. */

import { answered, client, type Schemas } from './client'
import type { NewDecision } from './tracks'

export type ReviewItem = Schemas['ReviewItem']
export type ReviewPage = Schemas['ReviewPage']
export type Group = Schemas['UnknownGroup']
export type GroupPage = Schemas['GroupPage']
export type GroupAppearance = Schemas['GroupAppearance']
export type GroupAppearancePage = Schemas['GroupAppearancePage']
export type Alike = Schemas['Alike']
export type Reports = Schemas['DecisionsReport']
export type SplitReport = Schemas['SplitReport']

const ITEMS = 20
const GROUPS = 60
const SEEN = 100
/** Decisions that the server takes at once. */
const MOST = 200

export interface ReviewFilter {
  video_id: string
  person_id: string
}

export function listReview(
  project: string,
  filter: ReviewFilter,
  cursor: string,
  signal?: AbortSignal,
): Promise<ReviewPage> {
  return answered(
    client.GET('/api/v1/projects/{project}/review', {
      params: { path: { project }, query: { ...filter, limit: ITEMS, cursor } },
      signal,
    }),
  )
}

export function listGroups(project: string, cursor: string, signal?: AbortSignal): Promise<GroupPage> {
  return answered(
    client.GET('/api/v1/projects/{project}/groups', {
      params: { path: { project }, query: { limit: GROUPS, cursor } },
      signal,
    }),
  )
}

export function getGroup(project: string, unknown_id: number, signal?: AbortSignal): Promise<Group> {
  return answered(
    client.GET('/api/v1/projects/{project}/groups/{unknown_id}', {
      params: { path: { project, unknown_id } },
      signal,
    }),
  )
}

export function listGroupAppearances(
  project: string,
  unknown_id: number,
  cursor: string,
  signal?: AbortSignal,
): Promise<GroupAppearancePage> {
  return answered(
    client.GET('/api/v1/projects/{project}/groups/{unknown_id}/appearances', {
      params: { path: { project, unknown_id }, query: { limit: SEEN, cursor } },
      signal,
    }),
  )
}

export function listAlike(project: string, unknown_id: number, signal?: AbortSignal): Promise<Alike> {
  return answered(
    client.GET('/api/v1/projects/{project}/groups/{unknown_id}/alike', {
      params: { path: { project, unknown_id } },
      signal,
    }),
  )
}

/** Take tracks from a group: to a new one, or each where it looks like somebody else. */
export function splitGroup(
  project: string,
  unknown_id: number,
  tracks: string[],
  together: boolean,
): Promise<SplitReport> {
  return answered(
    client.POST('/api/v1/projects/{project}/groups/{unknown_id}/split', {
      params: { path: { project, unknown_id } },
      body: { tracks, together },
    }),
  )
}

/** Say several things; each video that they touch is derived once. Returns what was said, in order. */
export async function decideAll(project: string, said: NewDecision[]): Promise<Reports[]> {
  const reports: Reports[] = []
  for (let at = 0; at < said.length; at += MOST) {
    reports.push(
      await answered(
        client.POST('/api/v1/projects/{project}/decisions/several', {
          params: { path: { project } },
          body: { decisions: said.slice(at, at + MOST) },
        }),
      ),
    )
  }
  return reports
}
