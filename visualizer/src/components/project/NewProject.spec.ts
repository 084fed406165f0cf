// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import type { Engine } from '@/api/library'
import { shown } from '@/test/shown'
import NewProject from './NewProject.vue'

const begun: string[][] = []
const ENGINES: Engine[] = [
  { engine: 'sface', about: 'Quick.', is_default: true, runs: true, why_not: '' },
  { engine: 'facenet', about: 'Slow.', is_default: false, runs: true, why_not: '' },
  { engine: 'dlib', about: 'Old.', is_default: false, runs: false, why_not: 'It needs the package dlib.' },
]

vi.mock('@/api/library', () => ({
  listProjects: () => Promise.resolve([]),
  listEngines: () => Promise.resolve(ENGINES),
  beginProject: (project: string, engine: string) => {
    begun.push([project, engine])
    return Promise.reject(new Error('There is one already.'))
  },
}))

const radio = (name: RegExp) => screen.findByRole('radio', { name, hidden: true }) as Promise<HTMLInputElement>

describe('beginning a project', () => {
  beforeEach(() => {
    begun.splice(0)
    sessionStorage.clear()
  })

  it('goes by the usual engine where nobody picks one', async () => {
    shown(NewProject, {})
    expect((await radio(/^sface/)).checked).toBe(true)
    await userEvent.type(screen.getByRole('textbox', { name: 'Name of the project' }), ' newsreels {Enter}')
    expect(begun).toEqual([['newsreels', '']])
    await screen.findByText('There is one already.')
  })

  it('takes the engine that is picked', async () => {
    shown(NewProject, {})
    await userEvent.click(await radio(/^facenet/))
    await userEvent.type(screen.getByRole('textbox', { name: 'Name of the project' }), 'newsreels{Enter}')
    await waitFor(() => expect(begun).toEqual([['newsreels', 'facenet']]))
  })

  it('shows what cannot run here with the reason, and does not offer it', async () => {
    shown(NewProject, {})
    const off = await radio(/^dlib Old\. Not here: It needs the package dlib\./)
    expect(off.disabled).toBe(true)
    await userEvent.click(off)
    expect((await radio(/^sface/)).checked).toBe(true)
  })
})
