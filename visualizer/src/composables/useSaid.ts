import { useI18n } from 'vue-i18n'
import { said, saidHere } from '@/lib/said'

/** Says sentences of the server in the language of the page, anew when that changes. */
export function useSaid() {
  const { locale } = useI18n()
  return {
    said: (text: string): string => (locale.value ? said(text) : text),
    /** The language of what could not be said in that of the page: `lang` of its element. */
    langOf: (text: string): 'en' | undefined =>
      text && locale.value !== 'en' && saidHere(text) === null ? 'en' : undefined,
  }
}
