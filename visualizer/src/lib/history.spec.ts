import { did, didAgain, emptyHistory, MAX_STEPS, tookBack } from './history'

describe('history', () => {
  const one = did(did(emptyHistory<string>(), { label: 'a', said: ['1'] }), { label: 'b', said: ['2', '3'] })

  it('takes back the last step, and says it again', () => {
    const back = tookBack(one, ['4', '5'])
    expect(back).toEqual({ done: [{ label: 'a', said: ['1'] }], undone: [{ label: 'b', said: ['4', '5'] }] })
    expect(didAgain(back, ['6', '7']).done.at(-1)).toEqual({ label: 'b', said: ['6', '7'] })
  })

  it('keeps what a step was said of', () => {
    const said = did(emptyHistory<string>(), { label: 'a', said: ['1'], of: 'track 7' })
    const back = tookBack(said, ['2'])
    expect(back.undone.at(-1)!.of).toBe('track 7')
    expect(didAgain(back, ['3']).done.at(-1)!.of).toBe('track 7')
  })

  it('forgets what was taken back when something new is said', () => {
    expect(did(tookBack(one, ['4']), { label: 'c', said: ['8'] }).undone).toEqual([])
  })

  it('does nothing where there is nothing', () => {
    const empty = emptyHistory<string>()
    expect([tookBack(empty, []), didAgain(empty, [])]).toEqual([empty, empty])
  })

  it('does not grow for ever', () => {
    let history = emptyHistory<number>()
    for (let n = 0; n < MAX_STEPS + 5; n++) history = did(history, { label: String(n), said: [n] })
    expect(history.done.length).toBe(MAX_STEPS)
    expect(history.done[0]!.label).toBe('5')
  })
})
