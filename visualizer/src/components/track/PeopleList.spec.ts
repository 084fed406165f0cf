// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { label, lanes, seen, unknown } from '@/test/people'
import { mounted } from '@/test/mounted'
import PeopleList from './PeopleList.vue'

const ann = seen(1, { end_npt: 90 })
const ben = seen(2, { name: 'Ben Bo', person_id: 'Ben_Bo' })
const doubtful = seen(5, { name: 'Cy Co', person_id: 'Cy_Co', confidence: 0.2 })
const some = lanes(ann, seen(120), ben, seen(9, unknown(3)), doubtful)

function shown(more: Record<string, unknown> = {}) {
  return mounted(PeopleList, {
    project: 'p',
    lanes: some,
    line: 0.5,
    selected: null,
    present: new Set(['p:Ben_Bo']),
    colour: () => '#56b4e9',
    label,
    ...more,
  })
}
const names = (): string[] => screen.getAllByRole('listitem').map((one) => one.querySelector('.name')!.textContent!)

describe('PeopleList', () => {
  it('has those above the line, the others behind a button', async () => {
    shown()
    expect(names()).toEqual(['Ann Ace', 'Ben Bo', 'Unknown 3'])
    expect(screen.getByText('2 people')).toBeTruthy()
    const ann = within(screen.getByRole('button', { name: /Ann Ace/ }))
    expect(ann.getByText('1:31')).toBeTruthy()
    expect(ann.getByTitle('2 appearances')).toBeTruthy()
    await userEvent.click(screen.getByRole('button', { name: '1 more below the line' }))
    expect(names()).toContain('Cy Co')
  })

  it('shows a portrait, and the face in the video where there is none', async () => {
    shown()
    const image = screen.getByRole('button', { name: /Ben Bo/ }).querySelector('img')!
    expect(image.getAttribute('src')).toBe('/api/v1/projects/p/people/Ben_Bo/thumbnail')
    await fireEvent.error(image)
    expect(image.getAttribute('src')).toBe('/api/v1/tracks/a-2/thumbnail')
    await fireEvent.error(image)
    expect(image.style.visibility).toBe('hidden')
  })

  it('says whom somebody chose, and where they were moved to', async () => {
    const { emitted } = shown()
    await userEvent.click(screen.getByRole('button', { name: /Ben Bo/ }))
    expect(emitted<[{ key: string }]>().choose![0]![0].key).toBe('p:Ben_Bo')
    await fireEvent.keyDown(screen.getByRole('button', { name: /Ben Bo/ }), { key: 'ArrowUp', altKey: true })
    await fireEvent.keyDown(screen.getByRole('button', { name: /Ben Bo/ }), { key: 'ArrowUp' })
    await fireEvent.dragStart(screen.getByRole('button', { name: /Ann Ace/ }))
    await fireEvent.drop(screen.getByRole('button', { name: /Unknown 3/ }))
    expect(emitted().arrange).toEqual([
      ['p:Ben_Bo', -1],
      ['p:Ann_Ace', 'u:3'],
    ])
  })

  it('draws a few rows of thousands, and says how many there are', () => {
    shown({ lanes: lanes(...Array.from({ length: 3000 }, (_, n) => seen(n + 1, unknown(n + 1)))) })
    const rows = screen.getAllByRole('listitem')
    expect(rows.length).toBeLessThan(60)
    expect(rows[0]!.getAttribute('aria-setsize')).toBe('3000')
    expect(rows[0]!.getAttribute('aria-posinset')).toBe('1')
  })

  it('says that nobody was seen', () => {
    shown({ lanes: [] })
    expect(screen.getByText('Nobody was seen in this video.')).toBeTruthy()
  })
})
