import { defineConfigWithVueTs, vueTsConfigs } from '@vue/eslint-config-typescript'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'

/** What each folder may import from: pages -> components -> composables -> stores -> api -> lib, rightwards only. */
const ORDER = ['pages', 'components', 'composables', 'stores', 'api', 'lib']

const arrows = ORDER.slice(1).map((folder, at) => ({
  files: [`src/${folder}/**/*.{ts,vue}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: ORDER.slice(0, at + 1).map((above) => ({
          group: [`@/${above}/*`],
          message: `${folder}/ lies below ${above}/.`,
        })),
      },
    ],
  },
}))

export default defineConfigWithVueTs(
  { ignores: ['dist/**', 'src/api/schema.d.ts', 'node_modules/**'] },
  vue.configs['flat/recommended'],
  vueTsConfigs.strict,
  {
    rules: {
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-v-html': 'error',
      'vue/multi-word-component-names': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Only api/ fetches.
      'no-restricted-globals': ['error', 'fetch', 'XMLHttpRequest', 'EventSource'],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['src/api/**', 'public/sw.js', 'e2e/**', 'src/test/**', '**/*.spec.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  ...arrows,
  prettier,
)
