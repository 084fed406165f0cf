import 'vuetify/styles'
import { createVuetify } from 'vuetify'
import { aliases, mdi } from 'vuetify/iconsets/mdi-svg'

/** The server's nonce, without which the browser takes no style element: see src/api/page.py. */
const cspNonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce || undefined

/** One accent colour, and one for what is wrong; everything else is grey. The rest of the look is in styles/. */
export function makeVuetify(isDark: boolean) {
  return createVuetify({
    icons: { defaultSet: 'mdi', aliases, sets: { mdi } },
    theme: {
      cspNonce,
      defaultTheme: isDark ? 'dark' : 'light',
      themes: {
        dark: {
          dark: true,
          colors: {
            background: '#121418',
            surface: '#1a1d22',
            primary: '#93a4ff',
            'on-primary': '#121418',
            error: '#ffb38a',
            'on-error': '#121418',
            success: '#7fd1a0',
          },
        },
        light: {
          dark: false,
          colors: {
            background: '#f2f3f5',
            surface: '#ffffff',
            primary: '#3f51c8',
            error: '#9a3f06',
            success: '#1d6b3c',
          },
        },
      },
    },
    defaults: {
      VBtn: { variant: 'text', density: 'comfortable', rounded: 'md', ripple: false },
      VTextField: { variant: 'outlined', density: 'compact', color: 'primary', hideDetails: 'auto' },
      VTextarea: { variant: 'outlined', color: 'primary', hideDetails: 'auto' },
      VCombobox: { variant: 'outlined', density: 'compact', color: 'primary', hideDetails: 'auto' },
      VDialog: { maxWidth: 480 },
      VCard: { rounded: 'lg' },
      VTooltip: { openDelay: 400, location: 'top' },
    },
  })
}
