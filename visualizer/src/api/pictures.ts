/** Training pictures: read, switched, given to somebody else, and sent. */

import { answered, ApiError, client, refused, type Schemas, token, words } from './client'

export type Picture = Schemas['PersonImage']
export type PictureChange = Schemas['OneChange']
export type PictureChanges = Schemas['ImageChanges']

/** Changes that are sent at once; the server takes so many. */
const BATCH = 500

export function listPictures(
  project: string,
  person_id: string,
  signal?: AbortSignal,
): Promise<Schemas['PersonImages']> {
  return answered(
    client.GET('/api/v1/projects/{project}/people/{person_id}/images', {
      params: { path: { project, person_id } },
      signal,
    }),
  )
}

/** Change pictures, each by itself: what was refused is in the answer, with the reason. */
export async function changePictures(project: string, changes: PictureChange[]): Promise<PictureChanges> {
  const all: PictureChanges = { items: [], refused: [] }
  for (let at = 0; at < changes.length; at += BATCH) {
    const { items, refused } = await answered(
      client.POST('/api/v1/projects/{project}/image-changes', {
        params: { path: { project } },
        body: { changes: changes.slice(at, at + BATCH) },
      }),
    )
    all.items.push(...items)
    all.refused.push(...refused)
  }
  return all
}

/**
 * Send a photo of somebody; `heard` is told which part has been sent, 0 to 1.
 *
 * @throws ApiError where it is refused: no picture, too large, or there already.
 */
export function sendPhoto(
  project: string,
  personId: string,
  file: File,
  heard: (share: number) => void,
  signal: AbortSignal,
): Promise<Schemas['Image']> {
  // Only this old interface tells how much of a body has been sent.
  const request = new XMLHttpRequest()
  const form = new FormData()
  form.append('file', file, file.name)
  return new Promise((done, failed) => {
    request.upload.onprogress = ({ loaded, total }) => heard(total ? loaded / total : 0)
    request.onload = () => {
      const body = read(request.responseText)
      if (request.status === 201) done(body as Schemas['Image'])
      else failed(refused(request.status, body, request.statusText))
    }
    request.onerror = () => failed(new ApiError(0, 'offline', words.away))
    request.onabort = () => failed(new DOMException('called off', 'AbortError'))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    const path = `/api/v1/projects/${encodeURIComponent(project)}/people/${encodeURIComponent(personId)}/images`
    request.open('POST', path)
    if (token.get()) request.setRequestHeader('Authorization', `Bearer ${token.get()}`)
    request.send(form)
  })
}

function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Addresses of the photo of a training picture and of the face cut out of it. */
export const pictureUrls = {
  photo: (project: string, sha256: string): string =>
    `/api/v1/projects/${encodeURIComponent(project)}/images/${sha256}/picture`,
  face: (project: string, sha256: string): string =>
    `/api/v1/projects/${encodeURIComponent(project)}/images/${sha256}/face`,
}
