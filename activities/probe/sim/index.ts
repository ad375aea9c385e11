// probe/sim: asks a side of the simulated world. A side without instances gives no answer, which is not an exception.
import type { ProbePort } from '../../../workflows/ports/probe.ts'
import { defineProvider } from '../../provider.ts'
import { ask } from '../../sim/calls.ts'
import { answer } from '../../sim/health.ts'
import { enterWorld } from '../../sim/world.ts'
import { spec } from './schema.ts'

export const simProbe = defineProvider({
  spec,
  connect(config, deps): ProbePort {
    const enter = () => enterWorld(config.world, deps)
    return {
      probe(request, io) {
        const state = enter()
        const effect = () => answer(state, config, request)
        return ask(state, { port: 'probe', verb: 'probe', target: request.name, effect }, io)
      },
    }
  },
})
