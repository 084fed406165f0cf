/** What the addresses of the search and the statistics say: the whole view, so that whoever opens one sees the same. */

export type Query = Record<string, unknown>
type Written = Record<string, string>

/** Between the names of several: no folder is called so, and `person_id` is the name of a folder. */
const BETWEEN = '/'
export const SORTS = ['-date', 'date', '-seconds', 'title'] as const
export type Sort = (typeof SORTS)[number]
/** How far apart in time people may be who are together, seconds. */
export const GAPS_S = [0, 2, 5, 10, 30] as const
export const TOPS = [10, 20, 30, 60] as const
export const TABLES = ['people', 'videos', 'together', 'time'] as const
export type Table = (typeof TABLES)[number]

/** Filters that search and statistics share. */
export interface Filters {
  from: string
  to: string
  /** Least confidence of a name. */
  confidence: number
  /** Only what a person decided. */
  human: boolean
}

export interface SearchView extends Filters {
  by: 'people' | 'face'
  /** Ids of people, and `unknown:3`. */
  present: string[]
  absent: string[]
  gap: number
  /** Least length of a moment, seconds. */
  min: number
  sort: Sort
  /** The track whose face is searched for. */
  track: string
  /** Which of the photos that this tab has seen; a photo is kept nowhere else. */
  photo: string
  /** Which face of it, from 1; 0 for the main one. */
  face: number
  /** Whether doubtful moments are shown too. */
  loose: boolean
  /** The moment that is selected. */
  at: string
}

export interface StatisticsView extends Filters {
  videos: string[]
  unknown: boolean
  top: number
  /** What is shown as a table, not as a chart. */
  tables: Table[]
}

const NO_FILTERS: Filters = { from: '', to: '', confidence: 0, human: false }
export const NO_SEARCH: SearchView = {
  ...NO_FILTERS,
  by: 'people',
  present: [],
  absent: [],
  gap: 0,
  min: 0,
  sort: '-date',
  track: '',
  photo: '',
  face: 0,
  loose: false,
  at: '',
}
export const NO_STATISTICS: StatisticsView = { ...NO_FILTERS, videos: [], unknown: false, top: 20, tables: [] }

/** Whether a text is a year, a month or a day, as one writes them to look for; nothing is no limit. */
export function isDate(text: string): boolean {
  return text === '' || /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/.test(text)
}

export function readSearch(query: Query): SearchView {
  return {
    ...readFilters(query),
    by: query.by === 'face' || (query.by === undefined && text(query.track) !== '') ? 'face' : 'people',
    present: names(query.with),
    absent: names(query.without),
    gap: number(query.gap, NO_SEARCH.gap, 600),
    min: number(query.min, NO_SEARCH.min, 86_400),
    sort: SORTS.find((one) => one === query.sort) ?? NO_SEARCH.sort,
    track: text(query.track),
    photo: text(query.photo),
    face: Math.floor(number(query.face, 0, 1000)),
    loose: query.loose === '1',
    at: text(query.at),
  }
}

/** The other way round; what is as usual is left out. */
export function writeSearch(view: SearchView): Written {
  const isFace = view.by === 'face'
  return filled({
    by: isFace ? 'face' : '',
    ...(isFace
      ? { track: view.track, photo: view.photo, face: view.face || '', loose: view.loose ? 1 : '' }
      : {
          with: view.present.join(BETWEEN),
          without: view.absent.join(BETWEEN),
          gap: view.gap || '',
          min: view.min || '',
          sort: view.sort === NO_SEARCH.sort ? '' : view.sort,
          ...writtenFilters(view),
        }),
    at: view.at,
  })
}

export function readStatistics(query: Query): StatisticsView {
  const top = number(query.top, NO_STATISTICS.top, 60)
  return {
    ...readFilters(query),
    videos: names(query.videos),
    unknown: query.unknown === '1',
    top: TOPS.find((one) => one === top) ?? NO_STATISTICS.top,
    tables: TABLES.filter((one) => names(query.tables).includes(one)),
  }
}

export function writeStatistics(view: StatisticsView): Written {
  return filled({
    ...writtenFilters(view),
    videos: view.videos.join(BETWEEN),
    unknown: view.unknown ? 1 : '',
    top: view.top === NO_STATISTICS.top ? '' : view.top,
    tables: view.tables.join(BETWEEN),
  })
}

function readFilters(query: Query): Filters {
  const [from, to] = [text(query.from), text(query.to)]
  return {
    from: isDate(from) ? from : '',
    to: isDate(to) ? to : '',
    confidence: number(query.conf, 0, 1),
    human: query.human === '1',
  }
}

function writtenFilters({ from, to, confidence, human }: Filters): Record<string, string | number> {
  return { from, to, conf: confidence || '', human: human ? 1 : '' }
}

function filled(values: Record<string, string | number>): Written {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [name, String(value)]),
  )
}

function names(value: unknown): string[] {
  return [...new Set(text(value).split(BETWEEN).filter(Boolean))]
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function number(value: unknown, usual: number, most: number): number {
  const found = text(value).trim() === '' ? NaN : Number(value)
  return Number.isFinite(found) && found >= 0 ? Math.min(found, most) : usual
}
