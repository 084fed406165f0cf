import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

export type Theme = 'system' | 'dark' | 'light'
export const LOCALES = ['en', 'fr'] as const
export type Locale = (typeof LOCALES)[number]

const NAME = 'facerec.preferences'

interface Kept {
  theme: Theme
  locale: Locale
  people: boolean
  unknown: boolean
  low: boolean
  order: 'seconds' | 'first' | 'name'
  volume: number
}

function kept(): Kept {
  const language = navigator.language.slice(0, 2) as Locale
  const usual: Kept = {
    theme: 'system',
    locale: LOCALES.includes(language) ? language : 'en',
    people: true,
    unknown: true,
    low: true,
    order: 'seconds',
    volume: 1,
  }
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Kept>) }
  } catch {
    return usual
  }
}

/** How somebody likes this page; kept in their browser. */
export const usePreferences = defineStore('preferences', () => {
  const all = ref(kept())
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  const systemIsDark = ref(dark.matches)
  dark.addEventListener('change', (event) => (systemIsDark.value = event.matches))
  const isDark = computed(() => (all.value.theme === 'system' ? systemIsDark.value : all.value.theme === 'dark'))
  watch(all, (value) => localStorage.setItem(NAME, JSON.stringify(value)), { deep: true })
  return { all, isDark }
})
