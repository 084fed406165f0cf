// @vitest-environment happy-dom
import { render, screen, within } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { createI18n } from 'vue-i18n'
import { createVuetify } from 'vuetify'
import { aliases, mdi } from 'vuetify/iconsets/mdi-svg'
import en from '@/locales/en.json'
import type { Choice } from '@/lib/whom'
import PeopleChips from './PeopleChips.vue'

function choice(name: string, unknown_id: number | null = null): Choice {
  const id = unknown_id === null ? name.replaceAll(' ', '_') : `unknown:${unknown_id}`
  return { id, person_id: unknown_id === null ? id : null, unknown_id, name, picture: '', aliases: [] }
}

const CHOICES = [choice('Ann Ace'), choice('Anna Berg'), choice('Ben Bo'), choice('Unknown 3', 3)]

function shown(modelValue: string[] = [], taken: string[] = []) {
  const heard: string[][] = []
  const names = new Map(CHOICES.map((one) => [one.id, one.name]))
  const view = render(PeopleChips, {
    props: {
      modelValue,
      label: 'With',
      placeholder: 'Who',
      choices: CHOICES,
      nameOf: (id: string) => names.get(id) ?? id,
      taken,
      'onUpdate:modelValue': (value: string[]) => {
        heard.push(value)
        void view.rerender({ modelValue: value })
      },
    },
    global: {
      plugins: [
        createI18n({ legacy: false, locale: 'en', messages: { en } }),
        createVuetify({ icons: { defaultSet: 'mdi', aliases, sets: { mdi } } }),
      ],
    },
  })
  return { heard, user: userEvent.setup(), input: screen.getByRole('combobox', { name: 'With' }) }
}

const options = (): string[] => screen.queryAllByRole('option').map((one) => one.textContent?.trim() ?? '')

describe('chips of people', () => {
  it('offer who fits what is typed, and take them by Enter', async () => {
    const { user, input, heard } = shown()
    await user.click(input)
    expect(options()).toEqual(['Ann Ace', 'Anna Berg', 'Ben Bo', 'Unknown 3'])
    await user.type(input, 'ann')
    expect(options()).toEqual(['Ann Ace', 'Anna Berg'])
    await user.keyboard('{ArrowDown}')
    expect(screen.getByRole('option', { selected: true })).toHaveProperty(
      'id',
      input.getAttribute('aria-activedescendant'),
    )
    await user.keyboard('{Enter}')
    expect(heard).toEqual([['Anna_Berg']])
    expect(screen.getByRole('button', { name: 'Remove Anna Berg' })).toBeTruthy()
    expect(input).toHaveProperty('value', '')
    expect(options()).toEqual(['Ann Ace', 'Ben Bo', 'Unknown 3'])
  })

  it('walk round by arrow keys', async () => {
    const { user, input, heard } = shown()
    await user.click(input)
    await user.keyboard('{ArrowUp}{Enter}')
    expect(heard).toEqual([['unknown:3']])
  })

  it('are taken by a click too, and keep the keyboard', async () => {
    const { user, input, heard } = shown(['Ann_Ace'])
    await user.click(input)
    await user.click(screen.getByText('Ben Bo'))
    expect(heard).toEqual([['Ann_Ace', 'Ben_Bo']])
    expect(document.activeElement).toBe(input)
  })

  it('go by their button, and the last one by Backspace where nothing is typed', async () => {
    const { user, input, heard } = shown(['Ann_Ace', 'unknown:3', 'Ben_Bo'])
    await user.click(screen.getByRole('button', { name: 'Remove Unknown 3' }))
    await user.type(input, 'x{Backspace}')
    expect(heard).toEqual([['Ann_Ace', 'Ben_Bo']])
    await user.keyboard('{Backspace}')
    expect(heard.at(-1)).toEqual(['Ann_Ace'])
  })

  it('offer nobody who is chosen elsewhere, and say when there is nobody', async () => {
    const { user, input, heard } = shown([], ['Ben_Bo'])
    await user.type(input, 'ben')
    expect(within(screen.getByRole('listbox')).getByText('Nobody of this name')).toBeTruthy()
    await user.keyboard('{Enter}')
    expect(heard).toEqual([])
  })

  it('close by Escape, and keep what is typed', async () => {
    const { user, input } = shown()
    await user.type(input, 'an')
    expect(input.getAttribute('aria-expanded')).toBe('true')
    await user.keyboard('{Escape}')
    expect(input.getAttribute('aria-expanded')).toBe('false')
    expect(input).toHaveProperty('value', 'an')
  })

  it('show somebody whom no list knows yet', () => {
    shown(['Somebody_else'])
    expect(screen.getByText('Somebody_else')).toBeTruthy()
  })
})
