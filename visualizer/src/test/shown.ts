/** Shows a component in a test as the page does: with its texts, its look, its server state and its addresses. */

import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { render } from '@testing-library/vue'
import { createPinia, setActivePinia } from 'pinia'
import type { Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { createVuetify } from 'vuetify'
import { i18n } from '@/plugins/i18n'

export function shown(component: Component, props: Record<string, unknown>) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const pinia = createPinia()
  setActivePinia(pinia)
  const nothing = { template: '<div />' }
  const routes = [
    { path: '/projects/:project/videos/:videoId', name: 'video', component: nothing },
    { path: '/:rest(.*)*', component: nothing },
  ]
  const router = createRouter({ history: createMemoryHistory(), routes })
  const plugins = [pinia, i18n, router, createVuetify(), [VueQueryPlugin, { queryClient: queries }]] as never[]
  return { ...render(component, { props, global: { plugins } }), queries }
}
