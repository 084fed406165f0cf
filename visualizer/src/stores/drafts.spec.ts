// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { nextTick } from 'vue'
import { useDrafts } from './drafts'

/** The page as it is after it was loaded anew. */
function loaded() {
  setActivePinia(createPinia())
  return useDrafts()
}

beforeEach(() => sessionStorage.clear())

describe('what was typed and not sent', () => {
  it('is there again when the page was loaded anew', async () => {
    const drafts = loaded()
    drafts.project = 'newsr'
    drafts.names.p = 'Ada Arp\nBo'
    drafts.unknown.p = { 3: 'Cor' }
    await nextTick()
    const again = loaded()
    expect([again.project, again.names.p, again.unknown.p?.[3]]).toEqual(['newsr', 'Ada Arp\nBo', 'Cor'])
    again.names.p = ''
    await nextTick()
    expect(loaded().names.p).toBe('')
  })

  it('is nothing where what was kept cannot be read', () => {
    sessionStorage.setItem('facerec.drafts', '{')
    expect(loaded().lists).toEqual({})
  })
})
