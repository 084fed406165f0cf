// @vitest-environment happy-dom
import { VueQueryPlugin } from '@tanstack/vue-query'
import userEvent from '@testing-library/user-event'
import { cleanup, render, screen, waitFor } from '@testing-library/vue'
import { createPinia } from 'pinia'
import { createMemoryHistory, createRouter } from 'vue-router'
import { ApiError } from '@/api/client'
import { decideAll, listReview, type ReviewItem } from '@/api/review'
import { i18n } from '@/plugins/i18n'
import { makeVuetify } from '@/plugins/vuetify'
import { useNotices } from '@/stores/notices'
import ReviewPage from './ReviewPage.vue'

vi.mock('@/api/review', () => ({ listReview: vi.fn(), decideAll: vi.fn() }))
vi.mock('@/api/library', () => ({
  listPeople: async () => [{ person_id: 'Ann', name: 'Ann' }],
  listVideos: async () => [],
  listReferences: async () => [],
  getVideo: async () => ({ video_id: 'v', local: false }),
}))
vi.mock('@/api/project', () => ({ getSummary: async () => ({ training: 9, models: 1, videos: 1 }) }))
vi.mock('@/api/tracks', () => ({
  getSamples: async () => ({ frame_index: [0], npt: [0], boxes_xywh: [[0, 0, 1, 1]], qualities: [1], scores: [1] }),
}))

function item(track: number, name: string): ReviewItem {
  const candidates = [name, `Not ${name}`].map((one, at) => ({ name: one, score: 0.5, confidence: 0.6 - at * 0.2 }))
  return {
    id: `a-${track}`,
    video_id: 'v',
    fragment: '',
    title: 'Harbour',
    seconds: 4,
    doubt: 0.8,
    weight: 3.2,
    appearance: {
      analysis_id: 'a',
      track_id: track,
      name,
      person_id: name,
      unknown_id: null,
      start_npt: 0,
      end_npt: 4,
      best_npt: 2,
      confidence: 0.6,
      merged_tracks: [track],
      source: 'machine',
      accepted: true,
      candidates,
      reason: '',
    },
  } as unknown as ReviewItem
}

async function open(path = '/projects/p/review') {
  const items = [item(1, 'Ann'), item(2, 'Bo'), item(3, 'Cy')]
  vi.mocked(listReview).mockResolvedValue({ items, next: null, total: 3, seconds_left: 12, seconds: 100 })
  vi.mocked(decideAll).mockImplementation(async (_, said) => [
    {
      decisions: said.map((_, at) => ({ decision_id: `d${vi.mocked(decideAll).mock.calls.length}-${at}` })),
      changed: ['a'],
      lost: [],
      jobs: [],
    } as never,
  ])
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/projects/:project/review', name: 'review', component: ReviewPage, props: true },
      { path: '/projects/:project/videos/:videoId', name: 'video', component: { template: '<i />' } },
    ],
  })
  await router.push(path)
  const pinia = createPinia()
  render(ReviewPage, {
    props: { project: 'p' },
    global: {
      plugins: [i18n, router, pinia, VueQueryPlugin, makeVuetify(true)],
      stubs: { MomentLoop: { template: '<i />' }, NameDialog: { template: '<i />' } },
    },
  })
  await screen.findByRole('heading', { name: /^Is this/ })
  return { router, user: userEvent.setup(), notices: useNotices(pinia) }
}

const asked = (name: string) => screen.findByRole('heading', { name: `Is this ${name}?` })
const sent = () => vi.mocked(decideAll).mock.calls.map(([, said]) => said)

beforeEach(() => {
  vi.clearAllMocks()
  window.matchMedia = (() => ({ matches: false, addEventListener: () => undefined })) as never
})
afterEach(cleanup)

describe('the queue', () => {
  it('is decided by one key each, and the next item is there before the server has answered', async () => {
    const { user, router } = await open()
    let answer: (reports: never[]) => void = () => undefined
    vi.mocked(decideAll).mockReturnValueOnce(new Promise((done) => (answer = done)))
    await user.keyboard('y')
    await asked('Bo')
    await screen.findByText('2 left')
    await waitFor(() => expect(router.currentRoute.value.query.item).toBe('a-2'))
    answer([{ decisions: [{ decision_id: 'd1' }], changed: ['a'], jobs: [] } as never])
    await user.keyboard('2')
    await asked('Cy')
    expect(sent()).toEqual([
      [{ verb: 'is', person: 'Ann', target: { kind: 'track', track: 'a-1' } }],
      [{ verb: 'is', person: 'Not Bo', target: { kind: 'track', track: 'a-2' } }],
    ])
    await user.keyboard('x')
    await screen.findByText('Nothing left to look at')
    expect(sent()[2]).toEqual([{ verb: 'is_not', person: 'Cy', target: { kind: 'track', track: 'a-3' } }])
  })

  it.each([
    ['u', 'unknown'],
    ['{Delete}', 'ignore'],
  ])('%s says %s', async (key, verb) => {
    const { user } = await open()
    await user.keyboard(key)
    await asked('Bo')
    expect(sent()[0]).toEqual([{ verb, target: { kind: 'track', track: 'a-1' } }])
  })

  it('what was refused is there again, and the reason is told', async () => {
    const { user, notices } = await open()
    vi.mocked(decideAll).mockRejectedValueOnce(new ApiError(503, 'store_unavailable', 'The disk is gone.'))
    await user.keyboard('y')
    await screen.findByText('3 left')
    await waitFor(() => expect(notices.current?.text).toContain('The disk is gone.'))
    await asked('Bo')
    await user.keyboard('ss')
    await asked('Ann')
  })

  it('Ctrl Z goes back at once and takes back what was said, even while it is under way', async () => {
    const { user } = await open()
    let answer: (reports: never[]) => void = () => undefined
    vi.mocked(decideAll).mockReturnValueOnce(new Promise((done) => (answer = done)))
    await user.keyboard('y')
    await asked('Bo')
    await user.keyboard('{Control>}z{/Control}')
    await asked('Ann')
    expect(sent()).toHaveLength(1)
    answer([{ decisions: [{ decision_id: 'first' }], changed: ['a'], jobs: [] } as never])
    await waitFor(() =>
      expect(sent()[1]).toEqual([{ verb: 'undo', target: { kind: 'decision', decision_id: 'first' } }]),
    )
    await screen.findByText('3 left')
  })

  it('takes nothing back where what was said was refused meanwhile', async () => {
    const { user } = await open()
    await user.keyboard('y')
    await asked('Bo')
    let refuse: (err: Error) => void = () => undefined
    vi.mocked(decideAll).mockReturnValueOnce(new Promise((_, failed) => (refuse = failed)))
    await user.keyboard('y')
    await asked('Cy')
    await user.keyboard('{Control>}z{/Control}')
    refuse(new ApiError(503, 'x', 'No.'))
    await asked('Bo')
    await new Promise((done) => setTimeout(done, 20))
    expect(sent()).toHaveLength(2)
  })

  it('skips for later, back to it without a word to the server, and again at the end', async () => {
    const { user } = await open()
    await user.keyboard('s')
    await asked('Bo')
    await user.keyboard('{Control>}z{/Control}')
    await asked('Ann')
    await user.keyboard('sss')
    await screen.findByRole('button', { name: 'Look at the 3 that were skipped' })
    expect(sent()).toEqual([])
  })

  it('begins where the address says', async () => {
    await open('/projects/p/review?item=a-3')
    await asked('Cy')
  })
})
