// notify/sim keeps the contract of notices: the same suite as the real one.
import { randomUUID } from 'node:crypto'
import { simNotify } from '../../../activities/notify/sim/index.ts'
import { forgetWorld, openWorld } from '../../../activities/sim/world.ts'
import { testDeps } from '../deps.ts'
import { notifyContract } from '../notify/contract.ts'

notifyContract(
  'notify/sim',
  async () => {
    const name = `contract-${randomUUID()}`
    const world = openWorld(name)
    return {
      provider: simNotify,
      config: { world: name },
      deps: testDeps(),
      arrived: async () => world.notices().map((notice) => JSON.stringify(notice)),
      async outage() {
        const outage = world.outage('notify')
        return { end: async () => outage.end() }
      },
      secrets: [],
      end: async () => forgetWorld(name),
    }
  },
  ['credentials'],
)
