// @vitest-environment happy-dom
import { render, screen, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { createI18n } from 'vue-i18n'
import type { Picture } from '@/api/pictures'
import en from '@/locales/en.json'
import { NOTHING, type Picks } from '@/lib/picking'
import PictureGrid from './PictureGrid.vue'

function picture(name: string, more: Partial<Picture> = {}): Picture {
  return {
    project: 'p',
    sha256: name.repeat(64),
    person_id: 'Ann',
    path: `${name}.jpg`,
    aligned_path: `${name}_0.png`,
    provenance: { provider: 'wikimedia', query: '', url: '', page: '', licence: '', date: '2026-01-01' },
    width: 100,
    height: 100,
    state: 'active',
    reason: '',
    state_by: 'machine',
    n_faces: 1,
    box: null,
    score: 0.9,
    quality: null,
    engine: 'sface@1',
    likeness: 0.8,
    ...more,
  }
}

const ids = (...names: string[]): string[] => names.map((name) => name.repeat(64))
const PICTURES = [
  picture('a', { state: 'outlier', reason: 'unlike the others', likeness: 0.12 }),
  picture('b'),
  picture('c', { state: 'disabled', reason: 'switched off' }),
  picture('d', { state: 'no_face', aligned_path: null, likeness: null }),
]

function show(pictures = PICTURES) {
  const i18n = createI18n({ legacy: false, locale: 'en', messages: { en } })
  const view = render(PictureGrid, {
    props: {
      project: 'p',
      pictures,
      size: 88,
      picks: NOTHING,
      'onUpdate:picks': (picks: Picks) => void view.rerender({ picks }),
    },
    global: { plugins: [i18n] },
  })
  return { ...view, user: userEvent.setup() }
}

const options = (): HTMLElement[] => screen.getAllByRole('option')
const chosen = (): boolean[] => options().map((one) => one.getAttribute('aria-selected') === 'true')

describe('training pictures side by side', () => {
  it('say their place, state, reason and likeness in words', () => {
    show()
    const words = options().map((one) => one.textContent!.replace(/\s+/g, ' ').replaceAll(' ,', ',').trim())
    expect(words).toEqual([
      'Picture 1 of 4, somebody else?, Like the others 0.12, unlike the others',
      'Picture 2 of 4, trains, Like the others 0.80',
      'Picture 3 of 4, switched off, Like the others 0.80, switched off',
      'Picture 4 of 4, no face',
    ])
    expect(within(options()[0]!).getByText(/somebody else\?/)).toBeTruthy()
    expect(options()[0]!.querySelector('img')!.getAttribute('src')).toContain('/face')
    expect(options()[3]!.querySelector('img')!.getAttribute('src')).toContain('/picture')
  })

  it('are turned by a click and by Enter', async () => {
    const { emitted, user } = show()
    await user.click(options()[1]!)
    expect(emitted().turn).toEqual([[ids('b')]])
    options()[1]!.focus()
    await user.keyboard('{ArrowRight}{Enter}')
    expect(emitted().turn!.at(-1)).toEqual([ids('c')])
    await user.keyboard(' ')
    expect(emitted().turn).toHaveLength(3)
  })

  it('are walked over with one place for Tab', async () => {
    const { user } = show()
    await user.tab()
    expect(document.activeElement).toBe(options()[0])
    await user.keyboard('{End}')
    expect(document.activeElement).toBe(options()[3])
    await user.keyboard('{ArrowRight}{Home}')
    expect(document.activeElement).toBe(options()[0])
    expect(options().filter((one) => one.tabIndex === 0)).toHaveLength(1)
  })

  it('are chosen with Ctrl and Shift, and letters mean all of the chosen ones', async () => {
    const { emitted, user } = show()
    await user.keyboard('{Control>}')
    await user.click(options()[0]!)
    await user.keyboard('{/Control}{Shift>}')
    await user.click(options()[2]!)
    await user.keyboard('{/Shift}')
    expect(chosen()).toEqual([true, true, true, false])
    expect(emitted().turn).toBeUndefined()
    options()[1]!.focus()
    await user.keyboard('d')
    expect(emitted().off).toEqual([[ids('a', 'b', 'c')]])
    await user.keyboard('m')
    expect(emitted().give).toEqual([[ids('a', 'b', 'c')]])
    options()[3]!.focus()
    await user.keyboard('a')
    expect(emitted().on).toEqual([[ids('d')]])
    await user.keyboard('{Escape}')
    expect(chosen()).toEqual([false, false, false, false])
  })

  it('are chosen by keys alone', async () => {
    const { emitted, user } = show()
    options()[0]!.focus()
    await user.keyboard('{Shift>}{ArrowRight}{ArrowRight}{/Shift}')
    expect(chosen()).toEqual([true, true, true, false])
    await user.keyboard('x')
    expect(chosen()).toEqual([true, true, false, false])
    await user.keyboard('{Control>}a{/Control}')
    expect(chosen()).toEqual([true, true, true, true])
    await user.keyboard('o')
    expect(emitted().open).toEqual([[ids('c')[0]]])
  })

  it('keep the focus on its picture when another one goes', async () => {
    const { rerender, user } = show()
    options()[0]!.focus()
    await user.keyboard('{ArrowRight}{ArrowRight}')
    await rerender({ pictures: PICTURES.slice(1) })
    expect(options().findIndex((one) => one.tabIndex === 0)).toBe(1)
  })
})
