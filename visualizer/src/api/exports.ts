/** What was seen in a video, in the formats of other programs. */

import type { Interval } from '@/lib/interval'
import { answered, client, type Schemas, token } from './client'

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
export function exportVideo(
  project: string,
  video_id: string,
  fragment: string,
  format: Format,
  stretch: Interval | null,
): Promise<Exported> {
  const times = stretch ? { from: stretch.start, to: stretch.end } : {}
  return file(
    format,
    client.GET('/api/v1/projects/{project}/videos/{video_id}/export', {
      params: { path: { project, video_id }, query: { fragment, format: format.format, ...times } },
      parseAs: 'blob',
    }),
  )
}

/** All videos of a project as one file: a table, lines, or an archive. */
export function exportProject(project: string, format: Format): Promise<Exported> {
  return file(
    format,
    client.GET('/api/v1/projects/{project}/export', {
      params: { path: { project }, query: { format: format.format } },
      parseAs: 'blob',
    }),
  )
}

type Asked = Parameters<typeof answered<unknown>>[0]

async function file(format: Format, asked: Asked): Promise<Exported> {
  let name = ''
  const data = await answered(
    asked.then((answer) => {
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
