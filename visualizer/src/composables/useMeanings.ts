import { shallowRef, watchEffect } from 'vue'
import { useI18n } from 'vue-i18n'

/** What the settings mean in the language of the page, by name. In English the service says it itself: then there is nothing here. */
export function useMeanings() {
  const { locale } = useI18n()
  const meanings = shallowRef<Record<string, string>>({})
  watchEffect(async () => {
    const wanted = locale.value
    const found = wanted === 'fr' ? (await import('@/locales/settings.fr.json')).default : {}
    if (wanted === locale.value) meanings.value = found
  })
  return meanings
}
