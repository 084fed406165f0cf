/** What is to be seen in one video, and what people say of it. */

import { joined, type Series } from '@/lib/boxes'
import { allOf, answered, client, type Appearance, type Schemas, type Shot, type Track } from './client'

const PAGE = 500
/** Samples of one track in one window that are asked for at most: more than a window has at any frame rate. */
const MAX_POINTS = 5000

export type Report = Schemas['DecisionReport']
export type NewDecision = Pick<Schemas['NewDecision'], 'verb' | 'target'> & Partial<Schemas['NewDecision']>

/** The tracks that were found in a video so far, without their samples. */
export function listTracks(
  project: string,
  video_id: string,
  fragment: string,
  signal?: AbortSignal,
): Promise<Track[]> {
  return allOf((cursor) =>
    answered(
      client.GET('/api/v1/videos/{video_id}/tracks', {
        params: { path: { video_id }, query: { project, fragment, limit: PAGE, cursor } },
        signal,
      }),
    ),
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

/** Samples that show a face well, between two times. */
export async function bestSamples(
  track: string,
  within: { from: number; to: number; n: number },
  signal?: AbortSignal,
): Promise<Schemas['BestSample'][]> {
  return (
    await answered(client.GET('/api/v1/tracks/{track}/best', { params: { path: { track }, query: within }, signal }))
  ).items
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

/** What people said of a video and nobody took back, the latest first. */
export async function listSaid(
  project: string,
  video_id: string,
  signal?: AbortSignal,
): Promise<Schemas['Decision'][]> {
  const all = await allOf<Schemas['Decision']>((cursor) =>
    answered(
      client.GET('/api/v1/projects/{project}/decisions', {
        params: { path: { project }, query: { video_id, limit: PAGE, cursor } },
        signal,
      }),
    ),
  )
  return all.filter((said) => !said.undone)
}
