/** Figures of a project as tables: what the charts show, for those who read, and for spreadsheets. */

import type { Cell } from './csv'
import { titleOf, type Programme } from './playable'
import type { Whom } from './whom'

export interface Figures {
  people: (Whom & { seconds: number; n_appearances: number; n_videos: number })[]
  videos: (Programme & { seconds: number; unknown_seconds: number })[]
  cells: number[][]
  together: { one: number; other: number; seconds: number; times: number }[]
  over_time: {
    unit: string
    periods: string[]
    n_videos: number[]
    people: number[][]
    others: number[]
    unknown: number[]
    undated_seconds: number
  }
}

export interface Grid {
  columns: string[]
  rows: Cell[][]
}

export function peopleTable({ people }: Figures): Grid {
  return {
    columns: ['person_id', 'unknown_id', 'name', 'seconds', 'n_appearances', 'n_videos'],
    rows: people.map((one) => [one.person_id, one.unknown_id, one.name, one.seconds, one.n_appearances, one.n_videos]),
  }
}

/** A line for each video, a column for each person. */
export function videosTable({ people, videos, cells }: Figures): Grid {
  return {
    columns: ['video_id', 'title', 'date', 'seconds', 'unknown_seconds', ...people.map((one) => one.name)],
    rows: videos.map((video, at) => [
      video.video_id,
      titleOf(video),
      video.date,
      video.seconds,
      video.unknown_seconds,
      ...cells.map((row) => row[at]!),
    ]),
  }
}

export function togetherTable({ people, together }: Figures): Grid {
  return {
    columns: ['one', 'other', 'seconds', 'times'],
    rows: together.map(({ one, other, seconds, times }) => [people[one]!.name, people[other]!.name, seconds, times]),
  }
}

/** A line for each year or month. */
export function timeTable({ people, over_time }: Figures): Grid {
  return {
    columns: [over_time.unit || 'year', 'n_videos', ...people.map((one) => one.name), 'others', 'unknown'],
    rows: over_time.periods.map((period, at) => [
      period,
      over_time.n_videos[at]!,
      ...over_time.people.map((row) => row[at]!),
      over_time.others[at]!,
      over_time.unknown[at]!,
    ]),
  }
}
