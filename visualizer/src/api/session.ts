/** Who looks at the page, and what they may do. */

import { answered, client, type Schemas } from './client'

export function whoAmI(signal?: AbortSignal): Promise<Schemas['Session']> {
  return answered(client.GET('/api/v1/session', { signal }))
}
