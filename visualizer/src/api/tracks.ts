/** What is to be seen in one video, and what people say of it. */

import { joined, type Series } from '@/lib/boxes'
import { allOf, answered, client, type Appearance, type Overview, type Schemas, type Shot, type Track } from './client'

const PAGE = 500
/** Samples of one track in one window that are asked for at most: more than a window has at any frame rate. */
const MAX_POINTS = 5000

export type Report = Schemas['DecisionReport']
export type NewDecision = Pick<Schemas['NewDecision'], 'verb' | 'target'> & Partial<Schemas['NewDecision']>

export function getOverview(
  project: string,
  video_id: string,
  fragment: string,
  signal?: AbortSignal,
): Promise<Overview> {
  return answered(
    client.GET('/api/v1/projects/{project}/videos/{video_id}/overview', {
      params: { path: { project, video_id }, query: { fragment, bins: 1000, max_lanes: 1 } },
      signal,
    }),
  )
}

export function listAppearances(
  project: string,
  video_id: string,
  fragment: string,
  signal?: AbortSignal,
  heard?: (items: Appearance[]) => void,
): Promise<Appearance[]> {
  return allOf(
    (cursor) =>
      answered(
        client.GET('/api/v1/projects/{project}/appearances', {
          params: { path: { project }, query: { video_id, fragment, limit: PAGE, cursor } },
          signal,
        }),
      ),
    heard,
  )
}

export function listShots(analysis_id: string, signal?: AbortSignal): Promise<Shot[]> {
  return allOf((cursor) =>
    answered(
      client.GET('/api/v1/analyses/{analysis_id}/shots', {
        params: { path: { analysis_id }, query: { limit: PAGE, cursor } },
        signal,
      }),
    ),
  )
}

export function getSamples(track: string, max_points: number, signal?: AbortSignal): Promise<Schemas['Samples']> {
  return answered(
    client.GET('/api/v1/tracks/{track}/samples', { params: { path: { track }, query: { max_points } }, signal }),
  )
}

/** Return the samples of all tracks that are seen in a window of time, by the number of the track. */
export async function samplesWithin(
  project: string,
  video_id: string,
  fragment: string,
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<Map<number, Series>> {
  const tracks = await allOf<Track>((cursor) =>
    answered(
      client.GET('/api/v1/videos/{video_id}/tracks', {
        params: {
          path: { video_id },
          query: { project, fragment, from, to, samples: true, max_points: MAX_POINTS, limit: PAGE, cursor },
        },
        signal,
      }),
    ),
  )
  return new Map(tracks.map((track) => [track.track_id, seriesOf(track)]))
}

function seriesOf(track: Track): Series {
  const { npt, boxes_xywh } = track.samples ?? { npt: [], boxes_xywh: [] }
  return joined([{ npt: Float64Array.from(npt), boxes: Float32Array.from(boxes_xywh.flat()) }])
}

export function decide(project: string, said: NewDecision): Promise<Report> {
  return answered(client.POST('/api/v1/projects/{project}/decisions', { params: { path: { project } }, body: said }))
}

/** Take a decision back, also one that took another one back. */
export function undo(project: string, decision_id: string): Promise<Report> {
  return decide(project, { verb: 'undo', target: { kind: 'decision', decision_id } })
}

const LATEST = 500

/** The latest decisions of a project that nobody took back. */
export async function listDecisions(project: string, signal?: AbortSignal): Promise<Schemas['Decision'][]> {
  const page = await answered(
    client.GET('/api/v1/projects/{project}/decisions', {
      params: { path: { project }, query: { limit: LATEST } },
      signal,
    }),
  )
  return page.items.filter((said) => !said.undone)
}
