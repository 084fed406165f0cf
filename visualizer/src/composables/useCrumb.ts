import { onScopeDispose, ref, type Ref, watchEffect } from 'vue'

const crumb = ref('')

/** What the last word of the path in the bar says. A page that has one gives it; it goes with the page. */
export function useCrumb(text?: () => string): Ref<string> {
  if (text) {
    watchEffect(() => {
      crumb.value = text()
      document.title = [text(), 'FaceRec'].filter(Boolean).join(' · ')
    })
    onScopeDispose(() => {
      crumb.value = ''
      document.title = 'FaceRec'
    })
  }
  return crumb
}
