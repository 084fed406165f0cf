import { toVideo } from './toVideo'

describe('toVideo', () => {
  it('leads to a video', () => {
    expect(toVideo('p', { videoId: 'v' })).toEqual({ name: 'video', params: { project: 'p', videoId: 'v' }, query: {} })
  })

  it('leads to a moment of a part of it', () => {
    const { query } = toVideo('p', { videoId: 'v', fragment: 't=1,9', npt: 0, track: 0 })
    expect(query).toEqual({ fragment: 't=1,9', t: '0.00', track: '0' })
    expect(toVideo('p', { videoId: 'v', fragment: '', npt: 2.345, track: null }).query).toEqual({ t: '2.35' })
  })
})
