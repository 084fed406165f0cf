import { defineStore } from 'pinia'
import { ref } from 'vue'
import { addVideo } from '@/api/library'
import { uploadVideo } from '@/api/uploads'

export interface Upload {
  id: number
  project: string
  name: string
  /** Which part has arrived, 0 to 1. */
  share: number
  /** `away`: nobody answers; it goes on when somebody does. */
  state: 'waiting' | 'sending' | 'away' | 'failed'
  /** Why it failed. */
  text: string
}

/**
 * Films on their way to the server, one after the other, and analysed when they are there. They belong to no page: whoever goes to look at
 * another video meanwhile loses none of it, and whoever closes the tab is asked first.
 */
export const useUploads = defineStore('uploads', () => {
  const all = ref<Upload[]>([])
  /** What has arrived, the latest last. */
  const done = ref<{ project: string; name: string }[]>([])
  const held = new Map<number, { file: File; stop: AbortController }>()
  let count = 0
  let isBusy = false

  function add(project: string, files: Iterable<File>): void {
    for (const file of files) {
      const id = ++count
      held.set(id, { file, stop: new AbortController() })
      all.value = [...all.value, { id, project, name: file.name, share: 0, state: 'waiting', text: '' }]
    }
    void work()
  }

  function change(id: number, news: Partial<Upload>): void {
    all.value = all.value.map((one) => (one.id === id ? { ...one, ...news } : one))
  }

  async function work(): Promise<void> {
    if (isBusy) return
    isBusy = true
    window.addEventListener('beforeunload', ask)
    for (let next = waiting(); next; next = waiting()) await send(next)
    window.removeEventListener('beforeunload', ask)
    isBusy = false
  }

  function waiting(): Upload | undefined {
    return all.value.find((one) => one.state === 'waiting')
  }

  async function send({ id, project, name }: Upload): Promise<void> {
    const { file, stop } = held.get(id)!
    change(id, { state: 'sending', text: '' })
    try {
      const heard = (share: number, isAway: boolean): void => change(id, { share, state: isAway ? 'away' : 'sending' })
      const video_id = await uploadVideo(file, heard, stop.signal)
      await addVideo(project, { video_id })
      remove(id)
      done.value = [...done.value, { project, name }]
    } catch (err) {
      if (stop.signal.aborted) return
      change(id, { state: 'failed', text: err instanceof Error ? err.message : String(err) })
    }
  }

  /** Send one once more that failed. */
  function again(id: number): void {
    change(id, { state: 'waiting', share: 0 })
    void work()
  }

  /** Give one up, also while it is under way. */
  function remove(id: number): void {
    held.get(id)?.stop.abort()
    held.delete(id)
    all.value = all.value.filter((one) => one.id !== id)
  }

  return { all, done, add, again, remove }
})

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
