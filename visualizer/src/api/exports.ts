/** What was seen in a video, in the formats of other programs. */

import { answered, client, type Schemas } from './client'

export type Format = Schemas['Format']

export async function listFormats(signal?: AbortSignal): Promise<Format[]> {
  return (await answered(client.GET('/api/v1/exports', { signal }))).items
}

/** A file that the server made, and what it wants it to be called. */
export interface Exported {
  name: string
  data: Blob
}

export function exportVideo(project: string, video_id: string, fragment: string, format: Format): Promise<Exported> {
  return file(
    format,
    client.GET('/api/v1/projects/{project}/videos/{video_id}/export', {
      params: { path: { project, video_id }, query: { fragment, format: format.format } },
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
