// reconciler/sim: somebody in the simulated world who puts back what is declared of it.
import type { ChangingPort } from '../../../workflows/ports/index.ts'
import type { Reconciling, ReconcilerPort } from '../../../workflows/ports/reconciler.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { ask, observe, write } from '../../sim/calls.ts'
import { agreed } from '../../sim/reconcilers.ts'
import { place } from '../../sim/start.ts'
import { enterWorld } from '../../sim/world.ts'
import { spec } from './schema.ts'

export const simReconciler = defineProvider({
  spec,
  connect(config, deps): ReconcilerPort {
    const { name, declares } = config
    const start = {
      declares: declares.map((each) => ({ ...each, port: each.port as ChangingPort })),
      everyMs: milliseconds(config.every),
      takesMs: milliseconds(config.takes),
    }
    const enter = () => {
      const state = enterWorld(config.world, deps)
      place(state, { reconcilers: { [name]: start } })
      return state
    }
    const named = (target: string) => `${name} ${target}`
    enter() // the world is whole before the first look, so that a test can keep its beginning
    return {
      async observe(target, io) {
        const seen = await observe(enter(), { port: 'reconciler', target: named(target) }, io)
        return { ...seen, value: seen.value as Reconciling, facts: { names: [name] } }
      },
      async write({ target, desired, seen }, io) {
        if (typeof desired.suspended !== 'boolean')
          throw failure(
            'Rejected',
            `${target}: ${JSON.stringify(desired)} does not say whether it is suspended`,
          )
        await write(enter(), { port: 'reconciler', target: named(target), desired, seen }, io)
      },
      confirm(request, io) {
        const state = enter()
        const target = named(request.target)
        const effect = () => agreed(state, name, request)
        return ask(state, { port: 'reconciler', verb: 'confirm', target, value: request.desired, effect }, io)
      },
    }
  },
})
