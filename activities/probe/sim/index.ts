// probe/sim: asks a side of the simulated world. Silence is a bad result here, as with a real service, not an exception.
import type { ProbePort } from '../../../workflows/ports/probe.ts'
import { kindOf } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { ask } from '../../sim/calls.ts'
import { answer, metBy, noAnswer } from '../../sim/health.ts'
import { enterWorld } from '../../sim/world.ts'
import { spec } from './schema.ts'

export const simProbe = defineProvider({
  spec,
  connect(config, deps): ProbePort {
    return {
      async probe(request, io) {
        const state = enterWorld(config.world, deps)
        const effect = () => answer(state, metBy(state, config, request), request)
        try {
          return await ask(state, { port: 'probe', verb: 'probe', target: request.name, effect }, io)
        } catch (error) {
          if (kindOf(error) === 'Unavailable') return noAnswer((error as Error).message)
          throw error
        }
      },
    }
  },
})
