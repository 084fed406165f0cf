import { defineStore } from 'pinia'
import { ref } from 'vue'
import { token } from '@/api/client'

/** Whether the server answers, and whether it wants to know who we are. */
export const useConnection = defineStore('connection', () => {
  const isOffline = ref(false)
  const needsToken = ref(false)
  const hasToken = ref(token.get() !== '')

  function useToken(value: string): void {
    token.set(value.trim())
    hasToken.value = value.trim() !== ''
    needsToken.value = false
  }

  return { isOffline, needsToken, hasToken, useToken }
})
