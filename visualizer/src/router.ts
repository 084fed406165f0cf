import { watch } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { knock } from '@/api/client'
import { useConnection } from '@/stores/connection'

/** The first parts of these paths are served the page by src/api/page.py; `/projects` alone belongs to the original service. */
export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'projects', component: () => import('@/pages/ProjectsPage.vue') },
    {
      path: '/projects/:project',
      name: 'project',
      component: () => import('@/pages/ProjectPage.vue'),
      props: true,
    },
    {
      path: '/projects/:project/videos',
      name: 'videos',
      component: () => import('@/pages/VideosPage.vue'),
      props: true,
    },
    {
      path: '/projects/:project/videos/:videoId',
      name: 'video',
      component: () => import('@/pages/VideoPage.vue'),
      props: (to) => ({ ...to.params, fragment: typeof to.query.fragment === 'string' ? to.query.fragment : '' }),
    },
    {
      path: '/projects/:project/search',
      name: 'search',
      component: () => import('@/pages/SearchPage.vue'),
      props: true,
    },
    {
      path: '/projects/:project/statistics',
      name: 'statistics',
      component: () => import('@/pages/StatisticsPage.vue'),
      props: true,
    },
    {
      path: '/projects/:project/people',
      name: 'people',
      component: () => import('@/pages/PeoplePage.vue'),
      props: true,
    },
    {
      path: '/projects/:project/people/:personId',
      name: 'person',
      component: () => import('@/pages/PersonPage.vue'),
      props: true,
    },
    {
      path: '/projects/:project/review',
      name: 'review',
      component: () => import('@/pages/ReviewPage.vue'),
      props: true,
    },
    {
      path: '/projects/:project/unknown',
      name: 'unknown',
      component: () => import('@/pages/UnknownPage.vue'),
      props: true,
    },
    {
      path: '/projects/:project/jobs',
      name: 'jobs',
      component: () => import('@/pages/JobsPage.vue'),
      props: true,
    },
    { path: '/:rest(.*)*', name: 'nothing', component: () => import('@/pages/NothingPage.vue') },
  ],
})

/**
 * The files of a page are fetched when somebody goes to it. Where that fails, the server is lost, or the page was built anew and has other
 * files: once the server answers, the browser goes there by itself and loads everything from there.
 */
router.onError(async (error: Error, to) => {
  const here = router.currentRoute.value
  // Loaded a moment ago, it would fail again for ever.
  if (!/dynamically imported|preload/i.test(error.message) || !here.matched.length) return console.error(error)
  const go = (): void => location.assign(to.fullPath)
  if (await isThere()) return go()
  const connection = useConnection()
  connection.isOffline = true
  const stop = watch(
    () => connection.isOffline,
    () => {
      stop()
      // Whoever has gone elsewhere meanwhile stays there.
      if (router.currentRoute.value.fullPath === here.fullPath) go()
    },
  )
})

function isThere(): Promise<boolean> {
  return knock().catch(() => false)
}
