import { meantBy, noticeOf } from './notice'

describe('what a catalogue says', () => {
  it('is read whatever it is called', () => {
    const notice = noticeOf({
      source: 'tape 7',
      channel: 'ORTF',
      programme: 'http://www.ina.fr/programme#1',
      people: ['Charles de Gaulle', { name: 'Konrad Adenauer', uri: 'http://x/1', role: 'guest' }],
      segments: [
        { begin: 30, to: 60, label: 'Sport', persons: [{ name: 'Jacques Anquetil' }] },
        { start_npt: '2.5', end_npt: 30, title: 'The visit', uri: 'http://x/s', people: ['Gaulle, Charles de'] },
        { title: 'without a time' },
        'nothing',
      ],
    })
    expect(notice.facts).toEqual([
      { name: 'programme', text: 'http://www.ina.fr/programme#1', address: 'http://www.ina.fr/programme#1' },
      { name: 'channel', text: 'ORTF', address: null },
      { name: 'source', text: 'tape 7', address: null },
    ])
    expect(notice.people.map(({ name, address, role }) => [name, address, role])).toEqual([
      ['Charles de Gaulle', null, ''],
      ['Konrad Adenauer', 'http://x/1', 'guest'],
      ['Jacques Anquetil', null, ''],
    ])
    expect(
      notice.segments.map(({ start, end, title, address, people }) => [start, end, title, address, people]),
    ).toEqual([
      [2.5, 30, 'The visit', 'http://x/s', ['Gaulle, Charles de']],
      [30, 60, 'Sport', null, ['Jacques Anquetil']],
    ])
  })

  it('means people by their address, or by any of their names', () => {
    const people = [
      { person_id: 'a', name: 'Winston Churchill', aliases: ['The Bulldog'], uri: 'http://x/c' },
      { person_id: 'b', name: 'Élodie Bo', aliases: [], uri: null },
    ]
    const meant = (name: string, address: string | null = null) => meantBy({ name, address, role: '' }, people)
    expect([meant('Churchill, Winston'), meant('BULLDOG, the'), meant('Sir W.', 'http://x/c')]).toEqual(['a', 'a', 'a'])
    expect([meant('Elodie  Bo'), meant('Elodie'), meant('')]).toEqual(['b', null, null])
    expect([meant('Sir Winston Churchill (1874-1965)'), meant('Churchill Winston')]).toEqual(['a', 'a'])
    expect(meant('Sir W.', 'https://x/c')).toBe('a')
  })

  it('means nobody where several could be meant, or where a graph tells them apart', () => {
    const people = [
      { person_id: 'a', name: 'Steve McQueen', aliases: [], uri: 'http://x/actor' },
      { person_id: 'b', name: 'McQueen, Steve', aliases: [], uri: null },
    ]
    const meant = (address: string | null) => meantBy({ name: 'Steve McQueen', address, role: '' }, people)
    expect([meant(null), meant('http://x/actor'), meant('http://x/director')]).toEqual([null, 'a', 'b'])
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
