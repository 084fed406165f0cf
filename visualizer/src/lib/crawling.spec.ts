import { progressOf } from './crawling'

const job = (status: string, message = '', result: Record<string, unknown> = {}) => ({
  job_id: 'j',
  kind: 'crawl',
  status,
  message,
  error: '',
  params: { keywords: ['Ann', 'Ann Ace', 'Ben Bo'] },
  result,
})
const stages = (list: { stage: string }[]) => list.map(({ stage }) => stage)

describe('a search for photos', () => {
  it('waits for everybody at first', () => {
    expect(stages(progressOf(job('queued')))).toEqual(['waiting', 'waiting', 'waiting'])
  })

  it('says with whom it is, and how many pictures it has', () => {
    const first = progressOf(job('running', 'Ann: 4 of 20 pictures'))
    expect(first[0]).toEqual({ name: 'Ann', stage: 'searching', n: 4, wanted: 20 })
    const second = progressOf(job('running', 'Ann Ace: 3 of 20 pictures'), first)
    expect(stages(second)).toEqual(['found', 'searching', 'waiting'])
    expect(second[1]).toMatchObject({ n: 3, wanted: 20 })
  })

  it('keeps what it knew while a message speaks of something else', () => {
    const before = progressOf(job('running', 'Ann Ace: 3 of 20 pictures'))
    expect(progressOf(job('running', 'Ann Ace: bing: found nothing'), before)[1]).toMatchObject({
      stage: 'searching',
      n: 3,
    })
  })

  it('ends with what came of it', () => {
    const done = progressOf(job('done', '', { usable: { Ann: 20, 'Ann Ace': 0, 'Ben Bo': 1 } }))
    expect(done.map(({ stage, n }) => [stage, n])).toEqual([
      ['found', 20],
      ['nothing', 0],
      ['found', 1],
    ])
  })

  it('that failed or was cancelled says so of those it did not come to', () => {
    const before = progressOf(job('running', 'Ann Ace: 3 of 20 pictures'))
    expect(stages(progressOf(job('failed'), before))).toEqual(['found', 'failed', 'failed'])
    expect(stages(progressOf(job('cancelled'), before))).toEqual(['found', 'stopped', 'stopped'])
  })
})
