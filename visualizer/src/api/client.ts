/** The one place that talks to the server: typed by its own description, errors as one kind of error. */

import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']
export type Project = Schemas['Project']
export type Video = Schemas['Video']
export type ProjectVideo = Schemas['ProjectVideo']
export type Job = Schemas['Job']
export type Person = Schemas['Person']
export type Image = Schemas['Image']
export type Appearance = Schemas['Appearance']
export type Overview = Schemas['Overview']
export type Shot = Schemas['Shot']
export type Track = Schemas['Track']
export type Analysis = Schemas['Analysis']

/** What the server refused, or that it cannot be reached (`status` 0, `code` `offline`). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail)
    this.name = 'ApiError'
  }
}

/** What is said where nobody answers; plugins/i18n.ts puts it in the language of the page. */
export const words = { away: 'The server does not answer.' }

const OFFLINE = 'offline'
/** How a proxy says that there is nobody behind it. The service itself says what it was that could not be had. */
const FORSAKEN = [502, 504]

/** Whether an error says that nobody answers: what is asked for may be had in a moment. */
export function isAway(error: unknown): boolean {
  return error instanceof ApiError && error.code === OFFLINE
}

const TOKEN = 'facerec.token'

/** Kept for this tab alone: whoever opens the browser next has to bring their own. */
export const token = {
  get: (): string => sessionStorage.getItem(TOKEN) ?? '',
  set: (value: string): void => (value ? sessionStorage.setItem(TOKEN, value) : sessionStorage.removeItem(TOKEN)),
}

const authorize: Middleware = {
  onRequest({ request }) {
    if (token.get()) request.headers.set('Authorization', bearer())
    return request
  },
  // What was asked with the token before, and refused while the right one was being typed, says nothing of the right one.
  onResponse({ request, response }) {
    const isStale = response.status === 401 && token.get() && request.headers.get('Authorization') !== bearer()
    if (!isStale || request.method !== 'GET') return undefined
    return fetch(new Request(request, { headers: { Authorization: bearer() } }))
  },
}

const bearer = (): string => `Bearer ${token.get()}`

export const client = createClient<paths>({ baseUrl: globalThis.location?.origin ?? 'http://localhost' })
client.use(authorize)

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/**
 * Return what a request answered.
 *
 * @throws ApiError where it was refused, or nobody answered.
 */
export async function answered<T>(request: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await request.catch(unanswered)
  if (response.ok) return data as T
  const problem = (typeof error === 'object' ? error : null) as {
    code?: string
    detail?: string
    errors?: Place[]
  } | null
  if (FORSAKEN.includes(response.status) && !problem?.code) throw new ApiError(response.status, OFFLINE, words.away)
  const places = (problem?.errors ?? []).map((place) => `${place.where}: ${place.message}`)
  throw new ApiError(
    response.status,
    problem?.code ?? 'unavailable',
    [problem?.detail ?? response.statusText, ...places].filter(Boolean).join(' '),
  )
}

interface Place {
  where: string
  message: string
}

function unanswered(err: unknown): never {
  // What somebody here called off is no trouble of the server's.
  if (err instanceof DOMException && err.name === 'AbortError') throw err
  throw new ApiError(0, OFFLINE, words.away)
}

/**
 * Say that the server answers, whatever it says.
 *
 * @throws ApiError where nobody does, or a proxy answers in its place.
 */
export async function knock(signal?: AbortSignal): Promise<true> {
  const { status } = await fetch('/healthz', { signal, cache: 'no-store' }).catch(unanswered)
  if (FORSAKEN.includes(status)) throw new ApiError(status, OFFLINE, words.away)
  return true
}

interface Page<T> {
  items: T[]
  next: string | null
}

/** Return all items of a list, page after page; `heard` is told what is there so far. */
export async function allOf<T>(ask: (cursor: string) => Promise<Page<T>>, heard?: (items: T[]) => void): Promise<T[]> {
  const items: T[] = []
  for (let cursor = ''; ;) {
    const page = await ask(cursor)
    items.push(...page.items)
    heard?.(items)
    if (page.next === null) return items
    cursor = page.next
  }
}

/** Addresses of pictures and films, for elements that fetch by themselves. */
export const urls = {
  media: (videoId: string): string => `/api/v1/videos/${videoId}/media`,
  poster: (videoId: string): string => `/api/v1/videos/${videoId}/thumbnail`,
  track: (track: string): string => `/api/v1/tracks/${track}/thumbnail`,
  sample: (track: string, frame: number): string => `/api/v1/tracks/${track}/samples/${frame}/thumbnail`,
  person: (project: string, personId: string): string =>
    `/api/v1/projects/${encodeURIComponent(project)}/people/${encodeURIComponent(personId)}/thumbnail`,
  unknown: (project: string, unknownId: number): string =>
    `/api/v1/projects/${encodeURIComponent(project)}/unknown/${unknownId}/thumbnail`,
  face: (project: string, sha256: string): string =>
    `/api/v1/projects/${encodeURIComponent(project)}/images/${sha256}/face`,
}
