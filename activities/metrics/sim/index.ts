// metrics/sim: readings of the simulated world. A query it cannot place is refused, never guessed at.
import type { MetricsPort } from '../../../workflows/ports/metrics.ts'
import { milliseconds, percent, perSecond } from '../../../workflows/quantities.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { ask } from '../../sim/calls.ts'
import { read } from '../../sim/metrics.ts'
import { FORMS, recognise } from '../../sim/queries.ts'
import { place } from '../../sim/start.ts'
import { enterWorld } from '../../sim/world.ts'
import { type SimMetricsConfig, spec } from './schema.ts'

export const simMetrics = defineProvider({
  spec,
  connect(config, deps): MetricsPort {
    const enter = () => {
      const state = enterWorld(config.world, deps)
      place(state, {
        sides: { old: sideOf(config.old), new: sideOf(config.new) },
        noise: { share: percent(config.noise) / 100, seed: config.seed },
      })
      return state
    }
    enter() // the world is whole before the first look, so that a test can keep its beginning
    return {
      query(query, io) {
        const state = enter()
        const effect = () => {
          const asked = recognise(query)
          if (asked === null) {
            throw failure(
              'Rejected',
              `the simulated world cannot answer ${JSON.stringify(query)}; it knows ${FORMS}`,
            )
          }
          const windowMs = config.window === 'as asked' ? asked.windowMs : milliseconds(config.window)
          return read(state, { ...asked, windowMs })
        }
        return ask(state, { port: 'metrics', verb: 'query', target: query, effect }, io)
      },
    }
  },
})

function sideOf(start: SimMetricsConfig['new']) {
  return {
    errorRatio: percent(start.errors) / 100,
    latencyMs: milliseconds(start.latency),
    rpsPerInstance: perSecond(start.rate_per_instance),
  }
}
