import { isServed, sourcesOf } from './source'

const media = '/api/v1/videos/1/media'

describe('where a film is played from', () => {
  it('is the server where that has it', () => {
    expect(sourcesOf(media, true, 'https://x.example/a.m3u8')).toEqual([{ kind: 'file', url: media }])
    expect(isServed(true, '/films/a.mp4')).toBe(true)
  })

  it.each([
    ['https://x.example/film.mp4#t=1,2', 'https://x.example/film.mp4'],
    ['http://www.ina.fr/media#a', 'http://www.ina.fr/media'],
    ['https://x.example/m3u8', 'https://x.example/m3u8'],
  ])('%s, or what the server fetches from there', (locator, url) => {
    expect(sourcesOf(media, false, locator)).toEqual([
      { kind: 'file', url },
      { kind: 'file', url: media },
    ])
    expect(isServed(false, locator)).toBe(true)
  })

  it.each([
    ['https://x.example/live/index.m3u8?token=1', 'https://x.example/live/index.m3u8?token=1'],
    ['HTTP://x.example/A.M3U8', 'HTTP://x.example/A.M3U8'],
  ])('%s alone: it comes in pieces', (locator, url) => {
    expect(sourcesOf(media, false, locator)).toEqual([{ kind: 'playlist', url }])
    expect(isServed(false, locator)).toBe(false)
  })

  it.each(['film.mp4', '/srv/film.mp4', 'javascript:alert(1)', 'file:///etc/passwd', 'https://', 'urn:x:1'])(
    '%s is played from nowhere',
    (locator) => {
      expect(sourcesOf(media, false, locator)).toEqual([])
      expect(isServed(false, locator)).toBe(false)
    },
  )
})
