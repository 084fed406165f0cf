/** Mounts a component with all that the page gives it, over answers that a test says. */

import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { render } from '@testing-library/vue'
import type { Middleware } from 'openapi-fetch'
import { createPinia } from 'pinia'
import type { Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { createVuetify } from 'vuetify'
import { client } from '@/api/client'
import { i18n } from '@/plugins/i18n'

/** Routes that a component may lead to. */
export const ROUTES = ['videos', 'video', 'search'] as const

const blank = { template: '<div />' }

export function mounted<C extends Component>(component: C, props: Record<string, unknown>, { routes = ROUTES } = {}) {
  // Vuetify's overlays ask for it, and no window without a screen has one.
  window.visualViewport ??= Object.assign(new EventTarget(), { width: 1280, height: 800 }) as VisualViewport
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'projects', component: blank },
      ...routes.map((name) => ({ path: `/projects/:project/${name}/:videoId?`, name, component: blank })),
    ],
  })
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const plugins = [createPinia(), i18n, router, createVuetify(), [VueQueryPlugin, { queryClient: client }]]
  return { ...render(component, { props, global: { plugins } } as never), router }
}

let last: Middleware | null = null

/** Answer requests whose path ends like this with JSON; all others are not found. Returns what is asked, as it is asked. */
export function answering(answers: Record<string, unknown>): string[] {
  const asked: string[] = []
  if (last) client.eject(last)
  last = {
    onRequest({ request }) {
      const { pathname, search } = new URL(request.url)
      asked.push(pathname + search)
      const found = Object.keys(answers).find((end) => pathname.endsWith(end))
      return found === undefined ? json({ code: 'not_found', detail: 'nothing' }, 404) : json(answers[found], 200)
    },
  }
  client.use(last)
  return asked
}

function json(body: unknown, status: number): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
}
