// preflight/sim: looks at a side of the simulated world: whether an instance is ready, and how deep its health is.
import type { Examination, PreflightPort } from '../../../workflows/ports/preflight.ts'
import { shallowness } from '../../probe/http/shallow.ts'
import { defineProvider } from '../../provider.ts'
import { ask } from '../../sim/calls.ts'
import { readyCount } from '../../sim/capacity.ts'
import type { Side, WorldState } from '../../sim/state.ts'
import { enterWorld } from '../../sim/world.ts'
import { spec } from './schema.ts'

export const simPreflight = defineProvider({
  spec,
  connect({ world, side }, deps): PreflightPort {
    return {
      async examine(_demand, io) {
        const state = enterWorld(world, deps)
        const effect = () => found(state, side)
        return await ask(state, { port: 'preflight', verb: 'examine', target: side, effect }, io)
      },
    }
  },
})

function found(state: WorldState, side: Side): Examination {
  const ready = readyCount(state.fleets[side], state.cursor)
  const shallow = shallowness(JSON.stringify(state.sides[side].health))
  const examination: Examination = { findings: [], fine: [] }
  if (ready > 0) examination.fine.push(`instances: ${ready} ready`)
  else
    examination.findings.push({
      check: 'instances',
      level: 'refuse',
      seen: `no instance of the ${side} side is ready`,
      why: 'whoever is led there gets no answer',
      todo: 'start some first',
    })
  if (shallow === null) examination.fine.push('readiness: its health names what it looked at')
  else
    examination.findings.push({
      check: 'readiness',
      level: 'caution',
      seen: shallow,
      why: 'an instance that cannot work gets requests all the same',
      todo: 'let it look at what it needs',
    })
  return examination
}
