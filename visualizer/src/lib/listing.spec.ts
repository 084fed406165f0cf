import { videosOf } from './listing'

describe('a list of videos', () => {
  it('has one in each line, and each once', () => {
    expect(videosOf('a.mp4\r\n\n# last year\n  films/b c.mp4 \nhttps://x.example/a,b.mp4\na.mp4\n')).toEqual([
      'a.mp4',
      'films/b c.mp4',
      'https://x.example/a,b.mp4',
    ])
  })

  it('may be a table whose head says where they stand', () => {
    expect(videosOf('start,URL,person\n0,https://x.example/1,Ann\n3,"https://x.example/2,3",Ben\n')).toEqual([
      'https://x.example/1',
      'https://x.example/2,3',
    ])
    expect(videosOf('\ufeffpath;end\na.mp4;3')).toEqual(['a.mp4'])
    expect(videosOf('title\tmedia\nOne\ta.mp4')).toEqual(['a.mp4'])
  })

  it('may be empty', () => {
    expect(videosOf('')).toEqual([])
    expect(videosOf('# nothing\n\n')).toEqual([])
  })
})
