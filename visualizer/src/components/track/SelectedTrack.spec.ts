// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { entryOf, pending, type Seen, shown as said } from '@/lib/appearances'
import { answering, mounted } from '@/test/mounted'
import { seen, unknown } from '@/test/people'
import SelectedTrack from './SelectedTrack.vue'

const candidates = [
  { name: 'Ann Ace', score: 0.8, confidence: 0.97, person_id: 'Ann_Ace' },
  { name: 'Ben Bo', score: 0.2, confidence: 0.02, person_id: 'Ben_Bo' },
]
const best = { items: [10, 60].map((frame_index) => ({ frame_index, npt: frame_index / 25, quality: 0.9 })) }
const images = { items: [{ sha256: 'f00', aligned_path: 'x.png' }], next: null, total: 1 }

function shown(one: Seen, routes?: readonly ('videos' | 'video' | 'search')[]) {
  const asked = answering({ '/best': best, '/images': images })
  const props = {
    project: 'p',
    entry: entryOf(one),
    label: one.name || 'Unknown 3',
    colour: '#56b4e9',
    personId: () => null,
  }
  return { ...mounted(SelectedTrack, props, routes ? { routes: routes as never } : {}), asked }
}
const acts = (): string[] =>
  [...document.querySelectorAll('.acts button')].map((one) => one.querySelector('kbd')!.textContent!)

describe('SelectedTrack', () => {
  it('shows the best frames beside the pictures of those who it may be', async () => {
    const { emitted, asked } = shown(seen(1, { candidates }))
    const frames = await waitFor(() => {
      const found = within(screen.getByRole('group', { name: 'Best frames' })).getAllByRole('button')
      expect(found).toHaveLength(2)
      return found
    })
    expect(frames[0]!.querySelector('img')!.getAttribute('src')).toBe('/api/v1/tracks/a-1/samples/10/thumbnail')
    expect(asked.some((path) => path.startsWith('/api/v1/tracks/a-1/best?from=0.999&to=3.001&n=6'))).toBe(true)
    await userEvent.click(frames[1]!)
    expect(emitted().seek).toEqual([[2.4]])
    const ben = screen.getByRole('button', { name: /Ben Bo/ })
    await waitFor(() =>
      expect(ben.querySelector('img')!.getAttribute('src')).toBe('/api/v1/projects/p/images/f00/face'),
    )
    await userEvent.click(ben)
    expect(emitted().is).toEqual([['Ben Bo']])
  })

  it.each([
    ['somebody named by the model', seen(1), ['Y', 'N', 'X', 'U', 'Del', 'S', 'M', 'A']],
    ['somebody named by people', seen(1, { source: 'human' }), ['N', 'X', 'U', 'Del', 'S', 'M', 'A']],
    ['nobody we know', seen(1, unknown(3)), ['N', 'U', 'Del', 'S', 'M', 'A']],
    ['a stretch that people named', said({ start: 1, end: 2 }, 'Eve', 'Eve'), ['Del']],
    [
      'what an analysis under way has found',
      pending({ analysis_id: 'a', track_id: 1, start_npt: 0, end_npt: 1, best_npt: 0 }),
      [],
    ],
  ] as [string, Seen, string[]][])('offers what can be said of %s', (_, one, keys) => {
    shown(one)
    expect(acts()).toEqual(keys)
  })

  it('leads to a search for the face, where there is one', async () => {
    shown(seen(7))
    expect(screen.getByRole('link', { name: 'Search this face' }).getAttribute('href')).toBe(
      '/projects/p/search?track=a-7',
    )
  })

  it('leads nowhere without one', () => {
    shown(seen(7), ['videos', 'video'])
    expect(screen.queryByRole('link')).toBeNull()
  })

  it('says who decided, and what it is made of', () => {
    shown(seen(1, { source: 'human', merged_tracks: [1, 2, 3] }))
    expect(screen.getByText(/decided by people/).textContent).toContain('3 tracks in one')
  })
})
