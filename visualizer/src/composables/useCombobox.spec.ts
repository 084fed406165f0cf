// @vitest-environment happy-dom
import { createApp, nextTick, ref } from 'vue'
import { type Combobox, useCombobox } from './useCombobox'

function made(options: { n: number; first?: 0 | -1; hides?: boolean }) {
  const n = ref(options.n)
  let box!: Combobox
  const app = createApp({
    setup() {
      const isListed = options.hides ? (isOpen: boolean) => isOpen && n.value > 0 : undefined
      box = useCombobox({ n: () => n.value, first: options.first, isListed })
      return () => null
    },
  })
  app.mount(document.createElement('div'))
  return { box, n }
}

const walked = (box: Combobox, ...steps: (1 | -1)[]): number[] =>
  steps.map((by) => {
    box.step(by)
    return box.at.value
  })

describe('choices below a line', () => {
  it('are gone over round and round, from the first one', () => {
    const { box } = made({ n: 3 })
    box.open()
    expect(walked(box, 1, 1, 1, -1)).toEqual([1, 2, 0, 2])
  })

  it('leave a place for what was typed where that counts until one is chosen', () => {
    const { box } = made({ n: 2, first: -1 })
    box.open()
    expect(box.at.value).toBe(-1)
    expect(walked(box, 1, 1, 1, -1)).toEqual([0, 1, -1, 1])
  })

  it('come up at the first arrow, which chooses nothing yet', () => {
    const { box } = made({ n: 2 })
    box.step(1)
    expect([box.isOpen.value, box.at.value]).toEqual([true, 0])
  })

  it('tell those who listen which one is meant, and nothing of one that is not there', async () => {
    const { box, n } = made({ n: 2, hides: true })
    expect(box.input.value['aria-expanded']).toBe(false)
    expect(box.input.value['aria-activedescendant']).toBeUndefined()
    box.open()
    box.step(1)
    expect(box.input.value['aria-activedescendant']).toBe(box.option(1).id)
    expect(box.option(1)['aria-selected']).toBe(true)
    n.value = 1
    await nextTick()
    expect(box.input.value['aria-activedescendant']).toBeUndefined()
    n.value = 0
    expect(box.input.value['aria-expanded']).toBe(false)
    expect(box.input.value['aria-controls']).toBe(box.list.id)
  })

  it('are nothing to walk over where there are none', () => {
    const { box } = made({ n: 0 })
    box.open()
    expect(walked(box, 1, -1)).toEqual([0, 0])
  })
})
