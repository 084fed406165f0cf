/** What was seen in a video, in the formats of other programs. */

import type { Interval } from '@/lib/interval'
import { answered, client, type Job, type Schemas, token } from './client'

export type Format = Schemas['Format']

export async function listFormats(signal?: AbortSignal): Promise<Format[]> {
  return (await answered(client.GET('/api/v1/exports', { signal }))).items
}

/** A file that the server made, and what it wants it to be called. */
export interface Exported {
  name: string
  data: Blob
}

/** What was seen in a video, or in a stretch of it. */
export async function exportVideo(
  project: string,
  video_id: string,
  fragment: string,
  format: Format,
  stretch: Interval | null,
): Promise<Exported> {
  let name = ''
  const times = stretch ? { from: stretch.start, to: stretch.end } : {}
  const data = await answered(
    client
      .GET('/api/v1/projects/{project}/videos/{video_id}/export', {
        params: { path: { project, video_id }, query: { fragment, format: format.format, ...times } },
        parseAs: 'blob',
      })
      .then((answer) => {
        name = nameIn(answer.response.headers.get('Content-Disposition') ?? '')
        return answer
      }),
  )
  return { name: name || `${format.format}${format.suffix}`, data: data as Blob }
}

/** RFC 6266: the name that may hold any letter comes first. */
function nameIn(disposition: string): string {
  const wide = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1]
  if (wide) return decodeURIComponent(wide)
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? ''
}

/** Where what a job wrote is had: its result says where that lies, a file or a folder, which comes as an archive. */
export function resultAddress({ project, result }: Pick<Job, 'project' | 'result'>): string | null {
  const path = typeof result.path === 'string' ? result.path : ''
  const parts = path.split('/').slice(2)
  if (!parts.length) return null
  return `/api/v1/projects/${encodeURIComponent(project)}/results/${parts.map(encodeURIComponent).join('/')}?archive=true`
}

/**
 * What a job wrote, as something that a link may lead to. A download by itself carries no token: where the service asks for one, the file
 * is fetched here first, and what is returned has to be revoked.
 *
 * @throws ApiError where it cannot be had.
 */
export async function linkTo(address: string): Promise<{ href: string; isFetched: boolean }> {
  if (!token.get()) return { href: address, isFetched: false }
  const headers = { Authorization: `Bearer ${token.get()}` }
  const asked = fetch(address, { headers }).then(async (response) =>
    response.ok ? { data: await response.blob(), response } : { error: await response.json(), response },
  )
  return { href: URL.createObjectURL(await answered<Blob>(asked)), isFetched: true }
}
