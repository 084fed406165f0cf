// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import type { Person } from '@/api/client'
import { entryOf } from '@/lib/appearances'
import { mounted } from '@/test/mounted'
import { seen, unknown } from '@/test/people'
import NameDialog from './NameDialog.vue'

const candidates = [{ name: 'Ben Bo', score: 0.7, confidence: 0.8 }]
const people = peopleOf('Ann Ace', 'Ben Bo')

function peopleOf(...names: string[]): Pick<Person, 'name' | 'person_id'>[] {
  return names.map((name) => ({ name, person_id: name.replace(' ', '_') }))
}

async function shown(more: Record<string, unknown> = {}) {
  const props = {
    entry: entryOf(seen(1, { ...unknown(14), candidates })),
    label: 'Unknown 14',
    people,
    project: 'p',
    ...more,
  }
  const found = mounted(NameDialog, { ...props, modelValue: false })
  await found.rerender({ modelValue: true })
  await screen.findByRole('combobox', { name: 'Name' })
  return found
}

describe('NameDialog', () => {
  afterEach(() => (document.body.innerHTML = ''))

  it('names an unknown person in all videos, or here alone', async () => {
    const { emitted } = await shown()
    await userEvent.type(screen.getByRole('combobox', { name: 'Name' }), 'Eve New')
    await screen.findByText('A new person: Eve New')
    await userEvent.click(screen.getByRole('radio', { name: 'Only here' }))
    await userEvent.click(screen.getByRole('button', { name: 'Save' }))
    expect(emitted().save).toEqual([['Eve New', false]])
    expect(emitted()['update:modelValue']).toEqual([[false]])
  })

  it('takes the name everywhere unless somebody says otherwise, by Enter', async () => {
    const { emitted } = await shown()
    expect(
      screen.getByRole<HTMLInputElement>('radio', {
        name: 'Everywhere Unknown 14 was seen, in all videos of the project',
      }).checked,
    ).toBe(true)
    await userEvent.type(screen.getByRole('combobox', { name: 'Name' }), '  Ann Ace {Enter}')
    await waitFor(() => expect(emitted().save).toEqual([['Ann Ace', true]]))
  })

  it('knows people however their names are typed', async () => {
    const { emitted } = await shown({ people: peopleOf('Ann Ace', 'Çelik Özil') })
    await userEvent.type(screen.getByRole('combobox', { name: 'Name' }), 'celik ozil')
    expect(screen.queryByText(/A new person/)).toBeNull()
    await userEvent.type(screen.getByRole('combobox', { name: 'Name' }), '{Enter}')
    await waitFor(() => expect(emitted().save).toEqual([['Çelik Özil', true]]))
  })

  it('shows at once who may be meant, those first whom the model thinks of', async () => {
    const { emitted } = await shown()
    expect(screen.getAllByRole('option').map((one) => one.textContent?.trim())).toEqual(['Ben Bo', 'Ann Ace'])
    await userEvent.keyboard('{ArrowDown}{Enter}')
    await waitFor(() => expect(emitted().save).toEqual([['Ben Bo', true]]))
  })

  it('takes who is chosen by the pointer, and leaves the others beside', async () => {
    const { emitted } = await shown()
    await userEvent.click(screen.getByRole('option', { name: 'Ann Ace' }))
    expect(screen.getByRole<HTMLInputElement>('combobox', { name: 'Name' }).value).toBe('Ann Ace')
    expect(screen.getAllByRole('option', { selected: true }).map((one) => one.textContent?.trim())).toEqual(['Ann Ace'])
    expect(screen.getAllByRole('option')).toHaveLength(2)
    await userEvent.click(screen.getByRole('button', { name: 'Save' }))
    expect(emitted().save).toEqual([['Ann Ace', true]])
  })

  it('goes back from the choices to what was typed', async () => {
    const { emitted } = await shown()
    await userEvent.type(screen.getByRole('combobox', { name: 'Name' }), 'an{ArrowDown}')
    expect(screen.queryByText(/A new person/)).toBeNull()
    await userEvent.keyboard('{ArrowUp}')
    await screen.findByText('A new person: an')
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(emitted().save).toEqual([['an', true]]))
  })

  it('asks nothing about other videos where the face has a name already, and takes no blank', async () => {
    const { emitted } = await shown({ entry: entryOf(seen(1)) })
    expect(screen.queryByRole('radio')).toBeNull()
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Save' }).disabled).toBe(true)
    await userEvent.type(screen.getByRole('combobox', { name: 'Name' }), '   {Enter}')
    expect(emitted().save).toBeUndefined()
  })

  it('asks without a face where a stretch of time is named', async () => {
    await shown({ entry: null, title: 'Who is to be seen in this stretch?' })
    expect(screen.getByRole('dialog', { name: 'Who is to be seen in this stretch?' })).toBeTruthy()
    expect(document.querySelector('img[src*="/tracks/"]')).toBeNull()
  })
})
