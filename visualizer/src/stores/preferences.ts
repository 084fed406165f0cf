import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

export type Theme = 'system' | 'dark' | 'light'
export const LOCALES = ['en', 'fr'] as const
export type Locale = (typeof LOCALES)[number]

const NAME = 'facerec.preferences'
const MOST_HANDS = 40

interface Kept {
  theme: Theme
  locale: Locale
  people: boolean
  unknown: boolean
  low: boolean
  order: 'seconds' | 'first' | 'name' | 'hand'
  /** Lanes in the order that somebody gave them by hand, by project and video; those of the latest videos. */
  hands: Record<string, string[]>
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
    hands: {},
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

  /** Keep the order that somebody gave the lanes of a video. */
  function keepHand(video: string, lanes: string[]): void {
    const others = Object.entries(all.value.hands).filter(([name]) => name !== video)
    all.value.hands = Object.fromEntries([...others, [video, lanes] as const].slice(-MOST_HANDS))
    all.value.order = 'hand'
  }

  watch(all, (value) => localStorage.setItem(NAME, JSON.stringify(value)), { deep: true })
  return { all, isDark, keepHand }
})
