// @vitest-environment happy-dom
import userEvent from '@testing-library/user-event'
import { cleanup, render, screen } from '@testing-library/vue'
import { ref } from 'vue'
import { i18n } from '@/plugins/i18n'
import NameInput from './NameInput.vue'

afterEach(cleanup)

function shown(names = ['Ada Arp', 'Adam Bo', 'Cora']) {
  const text = ref('')
  const said: string[] = []
  const result = render(NameInput, {
    props: {
      names,
      label: 'Name of Unknown 3',
      modelValue: '',
      'onUpdate:modelValue': (value: string) => {
        text.value = value
        void result.rerender({ modelValue: value })
      },
      onName: (name: string) => said.push(name),
    },
    global: { plugins: [i18n] },
  })
  return { said, text, user: userEvent.setup() }
}

describe('a line in which a person is named', () => {
  it('shows who is known while it is typed, and takes the one chosen by arrow and Enter', async () => {
    const { said, user } = shown()
    const input = screen.getByRole('combobox', { name: 'Name of Unknown 3' })
    await user.type(input, 'ad')
    expect(screen.getAllByRole('option').map((one) => one.textContent?.trim())).toEqual([
      'Ada Arp',
      'Adam Bo',
      'A new person: ad',
    ])
    await user.keyboard('{ArrowDown}{ArrowDown}')
    expect(input.getAttribute('aria-activedescendant')).toBe(screen.getByRole('option', { name: 'Adam Bo' }).id)
    await user.keyboard('{Enter}')
    expect(said).toEqual(['Adam Bo'])
    expect(screen.queryByRole('listbox')).toBeNull()
  })

  it('takes somebody new as typed, and somebody known however they are written', async () => {
    const { said, text, user } = shown()
    const input = screen.getByRole('combobox')
    await user.type(input, ' Zoe {Enter}')
    await user.clear(input)
    await user.type(input, 'CORA{Enter}')
    expect(said).toEqual(['Zoe', 'Cora'])
    expect(text.value).toBe('Cora')
  })

  it('says nothing where nothing is typed, and Escape only closes the list', async () => {
    const { said, user } = shown()
    const input = screen.getByRole('combobox')
    await user.type(input, '{Enter}')
    await user.type(input, 'co{Escape}')
    expect(screen.queryByRole('listbox')).toBeNull()
    expect((input as HTMLInputElement).value).toBe('co')
    expect(said).toEqual([])
  })
})
