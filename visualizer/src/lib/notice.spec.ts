import { noticeOf } from './notice'

describe('what a catalogue says', () => {
  it('is read whatever it is called', () => {
    const notice = noticeOf({
      source: 'tape 7',
      channel: 'ORTF',
      programme: 'http://www.ina.fr/programme#1',
      people: ['Charles de Gaulle', { name: 'Konrad Adenauer', uri: 'http://x/1' }],
      segments: [
        { begin: 30, to: 60, label: 'Sport', persons: [{ name: 'Jacques Anquetil' }] },
        { start_npt: '2.5', end_npt: 30, title: 'The visit', people: ['Charles de Gaulle'] },
        { title: 'without a time' },
        'nothing',
      ],
    })
    expect(notice.facts).toEqual([
      { name: 'programme', text: 'http://www.ina.fr/programme#1', address: 'http://www.ina.fr/programme#1' },
      { name: 'channel', text: 'ORTF', address: null },
      { name: 'source', text: 'tape 7', address: null },
    ])
    expect(notice.people).toEqual(['Charles de Gaulle', 'Konrad Adenauer', 'Jacques Anquetil'])
    expect(notice.segments.map(({ start, end, title }) => [start, end, title])).toEqual([
      [2.5, 30, 'The visit'],
      [30, 60, 'Sport'],
    ])
  })

  it('leads nowhere but to web pages', () => {
    expect(noticeOf({ notice: 'javascript:alert(1)' }).facts[0]!.address).toBeNull()
  })

  it('may be nothing at all, or nothing that can be shown', () => {
    expect(noticeOf({})).toEqual({ facts: [], people: [], segments: [] })
    expect(noticeOf({ deep: { er: 1 }, segments: 'no', people: 3, empty: null })).toEqual({
      facts: [],
      people: [],
      segments: [],
    })
  })
})
