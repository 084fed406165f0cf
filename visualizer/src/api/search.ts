/** Questions about all videos of a project: where a face appears, who is together when, and how long who is on screen. */

import { allOf, answered, client, type Schemas } from './client'

export type Found = Schemas['Found']
export type JointMoments = Schemas['JointMoments']
export type Statistics = Schemas['Statistics']
export type UnknownPerson = Schemas['UnknownPerson']

export const MOMENTS_PAGE = 100
/** So many moments of a search by face at most. */
const TOP = 200
const MOST = 500

/** What is asked of moments, in the server's words. */
export interface MomentQuestion {
  with: string
  without: string
  gap_s: number
  min_s: number
  from: string
  to: string
  confidence: number
  human: boolean
  sort: 'date' | '-date' | '-seconds' | 'title'
}

export interface StatisticsQuestion {
  from: string
  to: string
  videos: string
  confidence: number
  human: boolean
  unknown: boolean
  top: number
}

export function searchTrack(project: string, track: string, minScore?: number, signal?: AbortSignal): Promise<Found> {
  return answered(
    client.POST('/api/v1/projects/{project}/search/track', {
      params: { path: { project } },
      body: { track, top: TOP, ...(minScore === undefined ? {} : { min_score: minScore }) },
      signal,
    }),
  )
}

/** Search for a face of a photo; `face` counts from 1, left to right, and 0 is the main one. The server does not keep the photo. */
export function searchPhoto(
  project: string,
  photo: Blob,
  face: number,
  minScore?: number,
  signal?: AbortSignal,
): Promise<Found> {
  const form = new FormData()
  form.append('file', photo, 'photo')
  return answered(
    client.POST('/api/v1/projects/{project}/search/photo', {
      params: { path: { project }, query: { face, top: TOP, min_score: minScore } },
      // The description of the server names the part of the form; the browser writes its boundary.
      body: form as never,
      bodySerializer: () => form,
      signal,
    }),
  )
}

export function listMoments(
  project: string,
  question: MomentQuestion,
  cursor: string,
  signal?: AbortSignal,
  limit = MOMENTS_PAGE,
): Promise<JointMoments> {
  return answered(
    client.GET('/api/v1/projects/{project}/moments', {
      params: { path: { project }, query: { ...question, cursor, limit } },
      signal,
    }),
  )
}

/** All moments of a question, with the videos that they are of. */
export async function allMoments(
  project: string,
  question: MomentQuestion,
): Promise<{ items: JointMoments['items']; videos: JointMoments['videos'] }> {
  const videos: JointMoments['videos'] = []
  const items = await allOf(async (cursor) => {
    const page = await listMoments(project, question, cursor, undefined, MOST)
    videos.push(...page.videos)
    return page
  })
  return { items, videos }
}

export function getStatistics(
  project: string,
  question: StatisticsQuestion,
  signal?: AbortSignal,
): Promise<Statistics> {
  return answered(
    client.GET('/api/v1/projects/{project}/statistics', { params: { path: { project }, query: question }, signal }),
  )
}

/** The unknown people of a project who are seen most. */
export async function listUnknown(project: string, signal?: AbortSignal): Promise<UnknownPerson[]> {
  const page = await answered(
    client.GET('/api/v1/projects/{project}/unknown', {
      params: { path: { project }, query: { limit: MOST, sort: '-n_tracks' } },
      signal,
    }),
  )
  return page.items
}
