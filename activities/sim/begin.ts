// Makes the worlds behind the simulated connections of a plan whole before a run looks at them, so that a test can keep
// their beginning and compare it with the end. Real connections are left alone.
import type { JsonObject } from '../../workflows/json.ts'
import type { Deps } from '../provider.ts'
import { findProvider } from '../find-provider.ts'
import { type World, openWorld } from './world.ts'

export interface SimulatedConnection {
  provider: string
  config: JsonObject
}

/** The worlds that these connections share, by name. Raises what the config's schema says of it. */
export function beginWorlds(connections: SimulatedConnection[], deps: Deps): Map<string, World> {
  const worlds = new Map<string, World>()
  for (const { provider: id, config } of connections) {
    const provider = id.endsWith('/sim') ? findProvider(id) : undefined
    if (provider === undefined) continue
    const checked = provider.spec.config.parse(config)
    provider.connect(checked, deps) // places its start values; who connects later finds them there
    const { world: name } = checked
    if (typeof name === 'string') worlds.set(name, openWorld(name))
  }
  return worlds
}
