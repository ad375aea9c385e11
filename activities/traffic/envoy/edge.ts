// One Envoy: how it is configured here, and its admin interface within one call.
import type { Io } from '../../../workflows/ports/target.ts'
import type { Admin } from '../../envoy/admin.ts'
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
