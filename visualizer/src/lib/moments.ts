/** Where somebody is to be seen in a library: filtered by video, confidence and date. */

export interface Moment {
  track_id: number
  start_npt: number
  end_npt: number
  best_npt: number
  confidence: number
  source: string
}

export interface VideoMoments {
  video_id: string
  fragment: string
  analysis_id: string
  title: string
  date: string
  locator: string
  /** Where the film begins by the clock of its file. */
  start_time: number
  local: boolean
  items: Moment[]
}

export interface MomentFilter {
  video: string
  confidence: number
  from: string
  to: string
}

export const EVERYTHING: MomentFilter = { video: '', confidence: 0, from: '', to: '' }

/** The videos that fit, each with its moments that do; what people said is as sure as can be. */
export function fitting(videos: readonly VideoMoments[], filter: MomentFilter): VideoMoments[] {
  const words = filter.video.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return videos
    .filter(({ title, date }) => {
      const name = title.toLocaleLowerCase()
      return words.every((word) => name.includes(word)) && isBetween(date, filter.from, filter.to)
    })
    .map((video) => ({ ...video, items: video.items.filter((one) => sureness(one) >= filter.confidence) }))
    .filter(({ items }) => items.length > 0)
}

export function sureness({ confidence, source }: Moment): number {
  return source === 'human' ? 1 : confidence
}

/** Dates may be as short as `1962`: they are compared as far as both go, so a year holds all of its days. */
function isBetween(date: string, from: string, to: string): boolean {
  if (!from && !to) return true
  if (!date) return false
  return (!from || date.slice(0, from.length) >= from.slice(0, date.length)) && (!to || date.slice(0, to.length) <= to)
}

/** How much there is: moments, and seconds of all of them. */
export function summed(videos: readonly VideoMoments[]): { n: number; seconds: number } {
  let [n, seconds] = [0, 0]
  for (const { items } of videos) {
    n += items.length
    for (const one of items) seconds += one.end_npt - one.start_npt
  }
  return { n, seconds }
}

/** What is played of a moment: at least a second, with a little before and after it. */
export function playedPart({ start_npt, end_npt }: Pick<Moment, 'start_npt' | 'end_npt'>): {
  start: number
  end: number
} {
  const around = 0.4
  const start = Math.max(start_npt - around, 0)
  return { start, end: Math.max(end_npt + around, start + 1.5) }
}
