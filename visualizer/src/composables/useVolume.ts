import { type Ref, watch } from 'vue'
import { usePreferences } from '@/stores/preferences'

/** Has a player sound as somebody likes it, now and when they change it. */
export function useVolume(element: Readonly<Ref<HTMLVideoElement | null>>): void {
  const preferences = usePreferences()
  watch(
    [element, () => preferences.all.volume],
    ([player, volume]) => {
      if (player) [player.volume, player.muted] = [volume, volume === 0]
    },
    { immediate: true },
  )
}
