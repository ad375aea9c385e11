// One Envoy: how it is configured here, and its admin interface within one call.
import type { Io } from '../../../workflows/ports/target.ts'
import { type Admin, countedAs } from '../../envoy/admin.ts'
import { failure } from '../../failure.ts'
import { COHORT } from '../../../workflows/ports/traffic.ts'
import { cohortTo } from './cohort-name.ts'
import type { EnvoyConfig } from './schema.ts'

export interface Edge {
  config: EnvoyConfig
  fetch: typeof globalThis.fetch
}

export function adminOf(edge: Edge, io: Io): Admin {
  return { url: edge.config.admin, fetch: edge.fetch, signal: io.signal }
}

/** The clusters that a target leads to. */
export function clustersFor(target: string, config: EnvoyConfig): string[] {
  if (target === COHORT) return [cohortTo(config)]
  return target === 'split' ? [config.old, config.new] : [config.shadow ?? '']
}

/**
 * What the counters of these clusters are called. `apart`: groups that must not be counted together, or neither their shares nor what they
 * have in flight could be told.
 */
export async function countersFor(edge: Edge, apart: string[][], io: Io): Promise<Record<string, string>> {
  const counters = await countedAs(adminOf(edge, io), [...new Set(apart.flat())])
  for (const [at, group] of apart.entries())
    for (const one of group)
      for (const other of apart.slice(at + 1).flat())
        if (one !== other && counters[one] === counters[other])
          throw failure(
            'Config',
            `counting requests: the Envoy at ${edge.config.admin} counts clusters ${one} and ${other} together, as ${counters[one]}; give each a name of its own (alt_stat_name)`,
          )
  return counters
}
