import { useI18n } from 'vue-i18n'
import { calledOn, type Whom } from '@/lib/whom'

/** What somebody is called in the language of the page. */
export function useCalled() {
  const { t } = useI18n()
  const unknown = (n: number | null): string => (n === null ? t('video.unknownFace') : t('video.unknown', { n }))
  return (whom: Pick<Whom, 'person_id' | 'name'>): string => calledOn(whom, unknown)
}
