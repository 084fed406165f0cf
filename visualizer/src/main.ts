import '@fontsource-variable/inter'
import '@/styles/base.css'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { carryToken } from './api/media'
import App from './App.vue'
import { i18n, speak } from './plugins/i18n'
import { makeQueries } from './plugins/queries'
import { makeVuetify } from './plugins/vuetify'
import { router } from './router'
import { useConnection } from './stores/connection'
import { usePreferences } from './stores/preferences'

const app = createApp(App).use(createPinia())
const preferences = usePreferences()
await Promise.all([speak(preferences.all.locale), carryToken()])
app
  .use(i18n)
  .use(router)
  .use(VueQueryPlugin, { queryClient: makeQueries(useConnection) })
  .use(makeVuetify(preferences.isDark))
  .mount('#app')
