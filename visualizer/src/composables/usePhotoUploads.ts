import { useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiError } from '@/api/client'
import { type Picture, sendPhoto } from '@/api/pictures'
import { said } from '@/lib/said'
import { standingOf } from '@/lib/pictures'
import type { TrainingJobs } from './useTrainingJobs'

export interface PhotoUpload {
  id: number
  name: string
  file: File
  state: 'sending' | 'sent' | 'refused'
  share: number
  sha256: string
  why: string
}

/** What became of a photo that was sent: looked at yet, of use, or not and why. */
export interface PhotoFate extends PhotoUpload {
  fate: 'sending' | 'refused' | 'waiting' | 'on' | 'useless'
}

const AT_ONCE = 3
/** So often at most the faces of photos are looked for that an earlier look missed. */
const LOOKS = 3

/** Photos that are sent for a person, some at once, each with its own progress and its own fault. */
export function usePhotoUploads(
  project: () => string,
  personId: () => string,
  pictures: () => readonly Picture[],
  jobs: TrainingJobs,
) {
  const { t } = useI18n()
  const queries = useQueryClient()
  const uploads = ref<PhotoUpload[]>([])
  const stop = new AbortController()
  let [count, busy, looks] = [0, 0, 0]
  const queue: number[] = []
  onScopeDispose(() => stop.abort())

  const fates = computed((): PhotoFate[] => {
    const known = new Map(pictures().map((one) => [one.sha256, one]))
    return uploads.value.map((one) => {
      const picture = known.get(one.sha256)
      if (one.state !== 'sent') return { ...one, fate: one.state === 'sending' ? 'sending' : 'refused' }
      if (!picture || standingOf(picture) === 'waiting') return { ...one, fate: 'waiting' }
      const isUseful = standingOf(picture) === 'on'
      return { ...one, fate: isUseful ? 'on' : 'useless', why: isUseful ? '' : said(picture.reason || picture.state) }
    })
  })

  function add(files: Iterable<File>): void {
    for (const file of files) {
      const id = ++count
      uploads.value.push({ id, name: file.name, file, state: 'sending', share: 0, sha256: '', why: '' })
      queue.push(id)
    }
    looks = 0
    pump()
  }

  function pump(): void {
    while (busy < AT_ONCE && queue.length) {
      busy++
      void send(queue.shift()!).finally(() => {
        busy--
        pump()
        if (!busy && !queue.length) void arrived()
      })
    }
  }

  async function send(id: number): Promise<void> {
    const upload = uploads.value.find((one) => one.id === id)
    if (!upload) return
    try {
      const heard = (share: number): void => void (upload.share = share)
      const image = await sendPhoto(project(), personId(), upload.file, heard, stop.signal)
      Object.assign(upload, { state: 'sent', sha256: image.sha256 })
    } catch (err) {
      if (!(err instanceof DOMException)) Object.assign(upload, { state: 'refused', why: wordsOf(err) })
    }
  }

  function wordsOf(err: unknown): string {
    if (!(err instanceof ApiError)) return String(err)
    if (err.code === 'request_entity_too_large') return t('person.tooLarge', { why: err.message })
    return err.message
  }

  /** All that was chosen has been sent: their faces are looked for now. */
  async function arrived(): Promise<void> {
    await queries.invalidateQueries({ queryKey: ['images'] })
    await look()
  }

  /** Look for the faces of those that wait; called again when a job has ended that may have passed them. */
  async function look(): Promise<void> {
    if (looks >= LOOKS || !fates.value.some(({ fate }) => fate === 'waiting')) return
    looks++
    await jobs.align().catch((err: unknown) => {
      for (const one of uploads.value) if (one.state === 'sent') one.why = wordsOf(err)
    })
  }

  function again(id: number): void {
    const upload = uploads.value.find((one) => one.id === id)
    if (!upload) return
    Object.assign(upload, { state: 'sending', share: 0, why: '' })
    queue.push(id)
    pump()
  }

  function dismiss(): void {
    uploads.value = uploads.value.filter(({ state }) => state === 'sending')
  }

  return { fates, add, again, dismiss, look }
}
