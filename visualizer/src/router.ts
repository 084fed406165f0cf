import { createRouter, createWebHistory } from 'vue-router'

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
