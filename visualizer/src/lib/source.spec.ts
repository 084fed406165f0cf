import { sourceOf } from './source'

describe('where a film is played from', () => {
  it('is the server where that has it', () => {
    expect(sourceOf('/api/v1/videos/1/media', 'https://x.example/a.m3u8')).toEqual({
      kind: 'file',
      url: '/api/v1/videos/1/media',
    })
  })

  it.each([
    ['https://x.example/film.mp4#t=1,2', 'file', 'https://x.example/film.mp4'],
    ['https://x.example/live/index.m3u8?token=1', 'playlist', 'https://x.example/live/index.m3u8?token=1'],
    ['HTTP://x.example/A.M3U8', 'playlist', 'HTTP://x.example/A.M3U8'],
    ['https://x.example/m3u8', 'file', 'https://x.example/m3u8'],
  ])('%s', (locator, kind, url) => {
    expect(sourceOf(null, locator)).toEqual({ kind, url })
  })

  it.each(['film.mp4', '/srv/film.mp4', 'javascript:alert(1)', 'file:///etc/passwd', 'https://', 'urn:x:1'])(
    '%s is played from nowhere',
    (locator) => {
      expect(sourceOf(null, locator)).toBeNull()
    },
  )
})
