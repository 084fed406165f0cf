/** How far a search for photos is with each person, read from its job. */

interface JobLike {
  job_id: string
  kind: string
  status: string
  message: string
  error: string
  params: Record<string, unknown>
  result: Record<string, unknown>
}

export type Stage = 'waiting' | 'searching' | 'found' | 'nothing' | 'failed' | 'stopped'

export interface PersonProgress {
  name: string
  stage: Stage
  /** Usable pictures so far, where that is known. */
  n: number | null
  wanted: number | null
}

const SAYS = /^(.*): (\d+) of (\d+) pictures$/

/** Names that a job searches for. */
export function namesOf({ params }: Pick<JobLike, 'params'>): string[] {
  return Array.isArray(params.keywords) ? params.keywords.map(String) : []
}

/**
 * Where a crawl stands with each of its people, in their order. People are searched for one after the other: those before the one
 * who is searched for now are done. A message may speak of something else for a moment; `before` is what was known until then.
 */
export function progressOf(job: JobLike, before: readonly PersonProgress[] = []): PersonProgress[] {
  const names = namesOf(job)
  const usable = (job.result.usable ?? {}) as Record<string, number>
  const said = SAYS.exec(job.message)
  const known = before.findIndex(({ stage }) => stage === 'searching')
  const told = said ? names.indexOf(said[1]!) : -1
  const now = told >= 0 ? told : Math.max(known, 0)
  return names.map((name, at): PersonProgress => {
    const earlier = before[at]
    const last = { n: earlier?.n ?? null, wanted: earlier?.wanted ?? null }
    if (name in usable)
      return { name, stage: usable[name] ? 'found' : 'nothing', n: usable[name]!, wanted: last.wanted }
    if (job.status === 'queued') return { name, stage: 'waiting', n: null, wanted: null }
    if (job.status === 'running') {
      if (at < now) return { name, stage: 'found', ...last }
      if (at > now) return { name, stage: 'waiting', n: null, wanted: null }
      return at === told
        ? { name, stage: 'searching', n: Number(said![2]), wanted: Number(said![3]) }
        : { name, stage: 'searching', ...last }
    }
    if (at < now && job.status !== 'done') return { name, stage: 'found', ...last }
    return { name, stage: job.status === 'cancelled' ? 'stopped' : 'failed', ...last }
  })
}
