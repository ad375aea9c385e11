// A clock that stands still until a test moves it, and ports of one fresh world connected to it.
import { randomUUID } from 'node:crypto'
import type { Deps, Provider } from '../../../activities/provider.ts'
import { type World, openWorld } from '../../../activities/sim/world.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { PortName, Ports } from '../../../workflows/ports/index.ts'
import { testDeps } from '../../contract/deps.ts'

export interface Stage {
  world: World
  pass: (ms: number) => void
  connect: <P extends PortName>(provider: { spec: { port: P } }, config?: JsonObject) => Ports[P]
}

/** Noon of an ordinary day: whole seconds, so that expectations are round. */
const START = Date.parse('2026-01-15T12:00:00Z')

export function openStage(): Stage {
  let now = START
  const deps: Deps = { ...testDeps(), now: () => now }
  const world = openWorld(`unit-${randomUUID()}`, deps)
  return {
    world,
    pass: (ms) => {
      now += ms
    },
    connect: (given, config = {}) => {
      const provider = given as unknown as Provider
      return provider.connect(provider.spec.config.parse({ ...config, world: world.name }), deps) as never
    },
  }
}

/** No test waits so long; it only keeps a hang from outliving its test. */
export const io = () => ({ signal: AbortSignal.timeout(4_000) })
