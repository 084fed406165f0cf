import { defineStore } from 'pinia'

/** Photos that somebody searched with in this tab. They are kept in its memory alone: after a reload they are gone. */
export const usePhotos = defineStore('photos', () => {
  const known = new Map<string, File>()

  /** Keep a photo and return the name that an address knows it by. */
  function keep(photo: File): string {
    // Of this very load of the page: an address from elsewhere must not find another photo under the same name.
    const name = crypto.randomUUID?.().slice(0, 8) ?? Math.random().toString(36).slice(2, 10)
    known.set(name, photo)
    return name
  }

  return { keep, of: (name: string): File | null => known.get(name) ?? null }
})
