// What workers of these tests are lent: no network, no secrets; time as it is.
import { failure } from '../../activities/failure.ts'
import type { Deps } from '../../activities/provider.ts'

export const deps: Deps = {
  fetch: globalThis.fetch,
  now: () => Date.now(),
  log: { warn: () => {}, debug: () => {} },
  secrets: {
    read: (reference) => Promise.reject(failure('Config', `secret ${reference} is not set in this test`)),
  },
  commandFolder: null,
}
