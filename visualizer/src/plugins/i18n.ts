import { createI18n } from 'vue-i18n'
import { words } from '@/api/client'
import { speakBy } from '@/lib/said'
import en from '@/locales/en.json'
import type { Locale } from '@/stores/preferences'

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<string, typeof en>,
  // In French nothing and one and a half are singular too.
  pluralRules: { fr: (n, forms) => (forms === 2 ? Number(Math.abs(n) >= 2) : 0) },
})

/** Speak a language; its texts are loaded when somebody first wants them. */
export async function speak(locale: Locale): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale)) {
    i18n.global.setLocaleMessage(locale, (await import(`../locales/${locale}.json`)).default)
  }
  // What the server says is known before the page is drawn anew.
  speakBy(locale === 'en' ? null : (await import(`../locales/said.${locale}.json`)).default)
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  words.away = i18n.global.t('state.away')
}
