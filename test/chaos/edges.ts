// Edges of the lab that are set through their providers, past the links: by strangers, and when a seed is over.
import { caddy } from '../../activities/traffic/caddy/index.ts'
import { envoy } from '../../activities/traffic/envoy/index.ts'
import { nginx } from '../../activities/traffic/nginx/index.ts'
import { traefik } from '../../activities/traffic/traefik/index.ts'
import type { Lab } from '../../lab/lab.ts'
import { configsOf, depsOf, othersOf } from '../../lab/stage/connect.ts'
import { sameJson } from '../../workflows/json.ts'
import type { TrafficPort } from '../../workflows/ports/traffic.ts'
import { TENANT } from './scenario.ts'

const CALL_MS = 4_000 // a server that is stopped meanwhile takes it when it goes on

/** How these lead members. NGINX counts them apart; Envoy has no further cluster of the new side here. */
export const LED_BY = {
  envoy: { header: TENANT },
  nginx: { variable: '$orders_to', to: 'v2-cohort' },
} as const

export async function leadBy(lab: Lab, edge: keyof typeof LED_BY, users: string[]): Promise<void> {
  const deps = depsOf(lab)
  const port: TrafficPort =
    edge === 'envoy'
      ? envoy.connect({ ...configsOf(lab.addresses).envoy, cohort: LED_BY.envoy }, deps)
      : nginx.connect({ ...othersOf(lab.addresses).nginx, cohort: LED_BY.nginx }, deps)
  const io = { signal: AbortSignal.timeout(CALL_MS) }
  const seen = await port.observe('cohort', io)
  if (!sameJson(seen.value, { users })) await port.write({ target: 'cohort', desired: { users }, seen }, io)
}

export const BY_PROVIDER = ['nginx', 'traefik', 'caddy'] as const
type ByProvider = (typeof BY_PROVIDER)[number]

export async function setEdge(
  lab: Lab,
  edge: ByProvider,
  split: { old: number; new: number },
): Promise<void> {
  const configs = othersOf(lab.addresses)
  const deps = depsOf(lab)
  const ports: { [edge in ByProvider]: () => TrafficPort } = {
    nginx: () => nginx.connect(configs.nginx, deps),
    traefik: () => traefik.connect(configs.traefik, deps),
    caddy: () => caddy.connect(configs.caddy, deps),
  }
  const port = ports[edge]()
  const io = { signal: AbortSignal.timeout(CALL_MS) }
  const { old, new: fresh } = split
  const all = old + fresh
  const desired = { old: (100 * old) / all, new: (100 * fresh) / all }
  await port.write({ target: 'split', desired, seen: await port.observe('split', io) }, io)
}
