import { defineStore } from 'pinia'
import { ref } from 'vue'
import { token } from '@/api/client'
import { carryToken } from '@/api/media'

/** Whether the server answers, and whether it wants to know who we are. */
export const useConnection = defineStore('connection', () => {
  const isOffline = ref(false)
  const needsToken = ref(false)
  const hasToken = ref(token.get() !== '')

  async function useToken(value: string): Promise<void> {
    token.set(value.trim())
    hasToken.value = value.trim() !== ''
    await carryToken()
    needsToken.value = false
  }

  return { isOffline, needsToken, hasToken, useToken }
})
