/** Files in chunks: an upload that broke off goes on from where it was. */

import { answered, ApiError, client, token } from './client'

const CHUNK = 8 * 1024 * 1024

/**
 * Send a video to the server.
 *
 * @param heard Is told which part has arrived, 0 to 1.
 * @returns The id of the video that it became.
 * @throws ApiError where the server refuses it.
 */
export async function uploadVideo(file: File, heard: (share: number) => void, signal: AbortSignal): Promise<string> {
  const begun = await answered(
    client.POST('/api/v1/uploads', { body: { kind: 'video', filename: file.name, size: file.size } }),
  )
  let { offset, complete, result } = begun
  while (!complete) {
    const chunk = file.slice(offset, offset + CHUNK)
    ;({ offset, complete, result } = await answered(send(begun.upload_id, offset, chunk, signal)))
    heard(offset / file.size)
  }
  return result
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
