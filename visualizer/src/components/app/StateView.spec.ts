// @vitest-environment happy-dom
import userEvent from '@testing-library/user-event'
import { render, screen } from '@testing-library/vue'
import { createVuetify } from 'vuetify'
import { createMemoryHistory, createRouter } from 'vue-router'
import { ApiError } from '@/api/client'
import { i18n } from '@/plugins/i18n'
import StateView from './StateView.vue'

function show(props: InstanceType<typeof StateView>['$props']) {
  const page = { template: '<div />' }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/', name: 'projects', component: page }],
  })
  return render(StateView, { props, global: { plugins: [i18n, createVuetify(), router] } })
}

describe('StateView', () => {
  it('says aloud that something loads', () => {
    show({ state: 'loading' })
    expect(screen.getByRole('progressbar', { name: 'Loading …' })).toBeTruthy()
    expect(screen.queryByRole('button')).toBeNull()
  })

  it.each([
    [new ApiError(0, 'offline', 'x'), 'The server does not answer.', 'This goes on by itself when it is back.'],
    [new ApiError(502, 'offline', 'x'), 'The server does not answer.', 'This goes on by itself when it is back.'],
    [new ApiError(502, 'fetch_failed', 'films.lan is away.'), 'This could not be loaded.', 'films.lan is away.'],
    [new ApiError(401, 'unauthorized', 'Send a token.'), 'A token is needed', 'Send a token.'],
    [new ApiError(403, 'forbidden', 'This needs an editor.'), 'You have no access to this.', 'This needs an editor.'],
    [new ApiError(404, 'not_found', 'There is no video.'), 'This is not here.', 'There is no video.'],
    [new ApiError(500, 'internal_error', 'A mistake.'), 'This could not be loaded.', 'A mistake.'],
    [new Error('boom'), 'This could not be loaded.', 'boom'],
  ])('gives an error its title and its reason: %s', (error, title, text) => {
    show({ state: 'error', error })
    expect(screen.getByRole('heading').textContent).toBe(title)
    expect(screen.getByText(text)).toBeTruthy()
  })

  it('tries again when it is asked to, and leads home from what is not there', async () => {
    const { emitted } = show({ state: 'error', error: new ApiError(404, 'not_found', 'There is no video.') })
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
    expect(emitted('again')).toHaveLength(1)
    expect(screen.getByRole('link', { name: 'To the projects' }).getAttribute('href')).toBe('/')
  })
})
