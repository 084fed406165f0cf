/** Moments that can be played, wherever they were found. */

export interface Programme {
  video_id: string
  fragment: string
  analysis_id: string
  title: string
  locator: string
  date: string
  duration: number | null
  /** Where the film begins by the clock of its file. */
  start_time: number
  local: boolean
}

/** A face that shows who is in a moment. */
export interface Face {
  name: string
  /** The track to show; null where no track shows them. */
  track: string | null
}

export interface Playable {
  /** The same one whenever the same moment is found. */
  key: string
  programme: Programme
  start: number
  end: number
  faces: Face[]
  /** Of a search by face. */
  score?: number
}

interface JointMoment {
  analysis_id: string
  start_npt: number
  end_npt: number
  sights: { track: string | null }[]
}

interface FoundMoment {
  score: number
  track: string
  analysis_id: string
  start_npt: number
  end_npt: number
  name: string
}

/** Moments of several people; `names` are theirs in the order of the question. */
export function jointPlayables(
  moments: readonly JointMoment[],
  programmes: ReadonlyMap<string, Programme>,
  names: readonly string[],
): Playable[] {
  return moments.flatMap((moment) => {
    const programme = programmes.get(moment.analysis_id)
    if (!programme) return []
    const key = `${moment.analysis_id}:${Math.round(moment.start_npt * 1000)}`
    const faces = moment.sights.map(({ track }, at) => ({ name: names[at] ?? '', track }))
    return [{ key, programme, start: moment.start_npt, end: moment.end_npt, faces }]
  })
}

/** Moments of a search by face. */
export function foundPlayables(
  moments: readonly FoundMoment[],
  programmes: ReadonlyMap<string, Programme>,
): Playable[] {
  return moments.flatMap(({ track, name, score, analysis_id, start_npt, end_npt }) => {
    const programme = programmes.get(analysis_id)
    if (!programme) return []
    return [{ key: track, programme, start: start_npt, end: end_npt, faces: [{ name, track }], score }]
  })
}

export function byAnalysis<P extends Programme>(programmes: readonly P[]): Map<string, P> {
  return new Map(programmes.map((one) => [one.analysis_id, one]))
}

export function titleOf(programme: Pick<Programme, 'title' | 'locator' | 'video_id'>): string {
  return programme.title || programme.locator || programme.video_id
}

/** The number of a track in its video, as the page of the video wants it. */
export function trackNumber(track: string): string {
  return track.slice(track.lastIndexOf('-') + 1)
}

export interface Group<P> {
  programme: P
  moments: Playable[]
}

/** Moments of one video together, in the order in which they come. */
export function grouped<P extends Programme>(
  moments: readonly Playable[],
  programmes: ReadonlyMap<string, P>,
): Group<P>[] {
  const found = new Map<string, Playable[]>()
  for (const moment of moments) {
    const id = moment.programme.analysis_id
    const own = found.get(id)
    if (own) own.push(moment)
    else found.set(id, [moment])
  }
  return [...found].map(([id, own]) => ({ programme: programmes.get(id)!, moments: own }))
}

export const MOMENT_COLUMNS = [
  'video_id',
  'title',
  'locator',
  'fragment',
  'date',
  'start_npt',
  'end_npt',
  'seconds',
  'score',
  'names',
  'tracks',
] as const

/** The same as a line of a table. */
export function momentRow({ programme, start, end, faces, score }: Playable): (string | number | null)[] {
  const { video_id, title, locator, fragment, date } = programme
  const seconds = Math.round((end - start) * 1000) / 1000
  const names = faces.map((face) => face.name).join('; ')
  const tracks = faces.map((face) => face.track ?? '').join('; ')
  return [video_id, title, locator, fragment, date, start, end, seconds, score ?? null, names, tracks]
}
