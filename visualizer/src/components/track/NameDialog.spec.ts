// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { entryOf } from '@/lib/appearances'
import { mounted } from '@/test/mounted'
import { seen, unknown } from '@/test/people'
import NameDialog from './NameDialog.vue'

const candidates = [{ name: 'Ben Bo', score: 0.7, confidence: 0.8 }]
const names = ['Ann Ace', 'Ben Bo']

async function shown(more: Record<string, unknown> = {}) {
  const props = { entry: entryOf(seen(1, { ...unknown(14), candidates })), label: 'Unknown 14', names, ...more }
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
    const { emitted } = await shown({ names: ['Ann Ace', 'Çelik Özil'] })
    await userEvent.type(screen.getByRole('combobox', { name: 'Name' }), 'celik ozil')
    expect(screen.queryByText(/A new person/)).toBeNull()
    await userEvent.type(screen.getByRole('combobox', { name: 'Name' }), '{Enter}')
    await waitFor(() => expect(emitted().save).toEqual([['Çelik Özil', true]]))
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
    expect(document.querySelector('img')).toBeNull()
  })
})
