// @vitest-environment happy-dom
import userEvent from '@testing-library/user-event'
import { cleanup, render, screen } from '@testing-library/vue'
import type { GroupAppearance } from '@/api/review'
import { i18n } from '@/plugins/i18n'
import SeenGrid from './SeenGrid.vue'

afterEach(cleanup)
vi.stubGlobal(
  'IntersectionObserver',
  class {
    observe(): void {}
    disconnect(): void {}
  },
)

const items = [0, 1, 2, 3].map(
  (at) =>
    ({
      id: `a-${at}`,
      video_id: 'v',
      fragment: '',
      title: 'Harbour',
      appearance: { analysis_id: 'a', track_id: at, start_npt: at * 60, best_npt: at * 60 + 1 },
    }) as unknown as GroupAppearance,
)

function shown() {
  let selected: ReadonlySet<string> = new Set()
  const result = render(SeenGrid, {
    props: {
      project: 'p',
      items,
      isMore: false,
      modelValue: selected,
      'onUpdate:modelValue': (value: ReadonlySet<string>) => {
        selected = value
        void result.rerender({ modelValue: value })
      },
    },
    global: { plugins: [i18n], stubs: { RouterLink: { template: '<a><slot /></a>' } } },
  })
  return { user: userEvent.setup(), selected: () => [...selected].sort() }
}

describe('the faces of a group', () => {
  it('are chosen by click, and with Shift from one to another', async () => {
    const { user, selected } = shown()
    await user.click(screen.getByRole('button', { name: 'Harbour, 0:00' }))
    expect(screen.getByRole('button', { name: 'Harbour, 0:00' }).getAttribute('aria-pressed')).toBe('true')
    await user.keyboard('{Shift>}')
    await user.click(screen.getByRole('button', { name: 'Harbour, 2:00' }))
    await user.keyboard('{/Shift}')
    expect(selected()).toEqual(['a-0', 'a-1', 'a-2'])
    await user.click(screen.getByRole('button', { name: 'Harbour, 1:00' }))
    expect(selected()).toEqual(['a-0', 'a-2'])
  })

  it('are chosen by keys alone', async () => {
    const { user, selected } = shown()
    await user.tab()
    await user.keyboard('{ArrowRight}{ArrowRight}[Space]')
    expect(selected()).toEqual(['a-2'])
  })
})
