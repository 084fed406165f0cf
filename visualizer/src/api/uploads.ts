/** Files in chunks: an upload that broke off goes on from where it was. */

import { answered, ApiError, client, isAway, token } from './client'

const CHUNK = 8 * 1024 * 1024
const RETRY_MS = 2000

/**
 * Send a video to the server. Where nobody answers, it waits until somebody does, and goes on with what is missing.
 *
 * @param heard Is told which part has arrived, 0 to 1, and whether nobody answers.
 * @returns The id of the video that it became.
 * @throws ApiError where the server refuses it.
 */
export async function uploadVideo(
  file: File,
  heard: (share: number, isAway: boolean) => void,
  signal: AbortSignal,
): Promise<string> {
  const begun = await answered(
    client.POST('/api/v1/uploads', { body: { kind: 'video', filename: file.name, size: file.size }, signal }),
  )
  const id = begun.upload_id
  let { offset, complete, result }: State = begun
  while (!complete) {
    const chunk = file.slice(offset, offset + CHUNK)
    try {
      ;({ offset, complete, result } = await answered(send(id, offset, chunk, signal)))
      heard(offset / file.size, false)
    } catch (err) {
      if (!isAway(err) || signal.aborted) throw err
      heard(offset / file.size, true)
      ;({ offset, complete, result } = await standing(id, signal))
    }
  }
  return result
}

/** How far an upload has come, as soon as somebody answers. */
async function standing(upload_id: string, signal: AbortSignal): Promise<State> {
  for (;;) {
    await new Promise((done) => setTimeout(done, RETRY_MS))
    signal.throwIfAborted()
    try {
      return await answered(client.GET('/api/v1/uploads/{upload_id}', { params: { path: { upload_id } }, signal }))
    } catch (err) {
      if (!isAway(err)) throw err
    }
  }
}

interface State {
  offset: number
  complete: boolean
  result: string
}

async function send(id: string, offset: number, chunk: Blob, signal: AbortSignal) {
  const headers: Record<string, string> = {
    'Upload-Offset': String(offset),
    'Content-Type': 'application/offset+octet-stream',
  }
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`
  const response = await fetch(`/api/v1/uploads/${id}`, { method: 'PATCH', headers, body: chunk, signal })
  const body: unknown = await response.json().catch(() => {
    throw new ApiError(response.status, 'unavailable', response.statusText)
  })
  return response.ok ? { data: body as State, response } : { error: body, response }
}
