// @vitest-environment happy-dom
import { screen } from '@testing-library/vue'
import { answering, mounted } from '@/test/mounted'
import EmptyView from './EmptyView.vue'

function empty(held: object, needs: string[] = ['videos', 'model']) {
  answering({ '/summary': { training: 0, models: 0, videos: 0, ...held } })
  const own = { title: 'Nothing left', text: 'All is settled.' }
  return mounted(EmptyView, { project: 'p', needs, ...own }, { routes: ['videos', 'project'] as never })
}

describe('a page with nothing to show', () => {
  it('leads to what is still to be done', async () => {
    empty({ training: 9 })
    await screen.findByRole('heading', { name: 'There is no video yet' })
    expect(screen.getByRole('link', { name: 'Add videos' }).getAttribute('href')).toBe('/projects/p/videos')
    expect(screen.queryByText('All is settled.')).toBeNull()
  })

  it('leads to the first of several things, in the order in which the page needs them', async () => {
    empty({ videos: 2 })
    await screen.findByRole('heading', { name: 'There is no model yet' })
    expect(screen.getByRole('link', { name: 'Train' }).getAttribute('href')).toBe('/projects/p/project')
  })

  it('says its own reason where all is done that it needs', async () => {
    empty({ videos: 2 }, ['videos'])
    await screen.findByRole('heading', { name: 'Nothing left' })
    expect(screen.getByText('All is settled.')).toBeTruthy()
    expect(screen.queryByRole('link')).toBeNull()
  })
})
