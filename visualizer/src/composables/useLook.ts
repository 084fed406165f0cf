import { nextTick, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Look } from '@/lib/chartOptions'
import { usePreferences } from '@/stores/preferences'

/** The colours and words of the page for what is drawn on canvases; they change with theme and language. */
export function useLook() {
  const { t, locale } = useI18n()
  const preferences = usePreferences()
  const look = shallowRef(read())

  function read(): Look {
    const root = document.querySelector('.v-application') ?? document.body
    const style = getComputedStyle(root)
    const token = (name: string): string => style.getPropertyValue(`--${name}`).trim()
    return {
      text: token('text'),
      quiet: token('quiet'),
      line: token('line'),
      panel: token('panel'),
      raised: token('raised'),
      accent: token('accent'),
      // In a drawing the name of the font stands in an attribute, between double quotes.
      font: token('font').replaceAll('"', "'"),
      words: {
        others: t('statistics.others'),
        unknown: t('statistics.unknown'),
        times: (n) => t('statistics.times', { n }, n),
        videos: (n) => t('statistics.videos', { n }, n),
      },
    }
  }

  // The theme is a class of the page, which is there after the next turn.
  watch([() => preferences.isDark, locale], () => nextTick(() => (look.value = read())), { flush: 'post' })
  return look
}
