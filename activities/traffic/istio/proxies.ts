// The proxies that a connection names, asked at their admin interfaces: what they serve, have as endpoints, count and have in
// flight. One that does not answer is told and never stands in the way of a write: going back must not wait for it.
import type { Io } from '../../../workflows/ports/target.ts'
import type { InFlight } from '../../../workflows/ports/traffic.ts'
import {
  type Admin,
  type Endpoint,
  endpointsLike,
  inFlightOf,
  rejectedUpdates,
  servedRoutes,
} from '../../envoy/admin.ts'
import { failure } from '../../failure.ts'
import { isTold } from '../../http.ts'
import type { Tally } from '../queried.ts'
import type { RuleHere } from '../rules.ts'
import { type Destination, clusterPattern, isClusterOf, nameOf } from './destination.ts'
import type { IstioConfig } from './schema.ts'
import { type ServedLook, servedOf } from './served.ts'
import type { VirtualService } from './virtual-service.ts'

const ENDPOINTS_MAX = 100 // counted one by one; more of a side are counted together

export interface Proxy {
  url: string
  fetch: typeof globalThis.fetch
}

export type ProxyLook = { url: string } & (ServedLook | { silent: string })

export function served(
  proxies: Proxy[],
  of: { service: VirtualService; rules: RuleHere[]; target: string; config: IstioConfig },
  io: Io,
): Promise<ProxyLook[]> {
  return each(proxies, io, async (admin) => {
    const configurations = (await servedRoutes(admin)).map(({ routeConfig }) => routeConfig)
    return servedOf(configurations, of)
  })
}

/** How often each proxy has refused what it was sent for these route configurations. */
export function refusals(proxies: Proxy[], looks: ProxyLook[], io: Io): Promise<ProxyNumber[]> {
  return each(proxies, io, async (admin) => {
    const look = looks.find(({ url }) => url === admin.url)
    const names = look === undefined || 'silent' in look ? [] : look.configurations
    const counts = await Promise.all(names.map((name) => rejectedUpdates(admin, name)))
    return { count: counts.reduce((all, count) => all + count, 0) }
  })
}
type ProxyNumber = { url: string } & ({ count: number } | { silent: string })

type ProxyEndpoints = { url: string } & ({ endpoints: Record<string, Endpoint[]> } | { silent: string })

export function endpoints(
  proxies: Proxy[],
  of: { wanted: Destination[]; namespace: string },
  io: Io,
): Promise<ProxyEndpoints[]> {
  const { wanted, namespace } = of
  return each(proxies, io, async (admin) => ({
    endpoints: await endpointsLike(admin, {
      isWanted: (name) => wanted.some((destination) => isClusterOf(name, destination, namespace)),
      pattern: wanted.map((destination) => clusterPattern(destination, namespace)).join('|'),
    }),
  }))
}

/** What the proxies have counted per destination: requests to each endpoint, which every proxy counts whatever it is told to keep. */
export async function counted(proxies: Proxy[], config: IstioConfig, io: Io): Promise<Tally> {
  const { namespace, old, new: fresh, shadow } = config
  const sides = { old, new: fresh, ...(shadow === undefined ? {} : { shadow }) }
  const looks = await endpoints(proxies, { wanted: Object.values(sides), namespace }, io)
  const counters = Object.fromEntries(
    Object.entries(sides).map(([side, destination]) => [
      side,
      looks.flatMap((look) => {
        if ('silent' in look) return []
        const clusters = Object.entries(look.endpoints).filter(([name]) =>
          isClusterOf(name, destination, namespace),
        )
        return clusters
          .toSorted(([one], [other]) => (one < other ? -1 : 1))
          .flatMap(([, all]) => countersOf(all))
      }),
    ]),
  ) as Tally['counters']
  return { counters, silent: looks.flatMap((look) => ('silent' in look ? [look.silent] : [])) }
}

function countersOf(all: Endpoint[]): number[] {
  const sorted = all.toSorted((one, other) => (one.address < other.address ? -1 : 1))
  const counts = sorted.map(({ requests }) => requests)
  return counts.length <= ENDPOINTS_MAX ? counts : [counts.reduce((sum, count) => sum + count, 0)]
}

/** Of all proxies; a part is no count. */
export async function inFlight(
  proxies: Proxy[],
  { side, config }: { side: 'old' | 'new'; config: IstioConfig },
  io: Io,
): Promise<InFlight> {
  const destination = config[side]
  const doing = `counting requests in flight of ${nameOf(destination)}`
  if (proxies.length === 0)
    throw failure('Config', `${doing}: the connection names no proxies that could tell`)
  const looks = await endpoints(proxies, { wanted: [destination], namespace: config.namespace }, io)
  const lines: string[] = []
  let count = 0
  for (const [at, look] of looks.entries()) {
    if ('silent' in look) throw failure('Unavailable', `${doing}: ${look.silent}`)
    const clusters = Object.keys(look.endpoints)
    if (clusters.length === 0)
      throw failure('Missing', `${doing}: the proxy ${look.url} has no cluster of that destination`)
    for (const cluster of clusters) {
      const here = await countIn(adminOf(proxies[at] as Proxy, io), cluster, doing)
      count += here
      lines.push(`${cluster} at ${look.url}: ${here}`)
    }
  }
  return { count, lines }
}

async function countIn(admin: Admin, cluster: string, doing: string): Promise<number> {
  // The name of its counters may end in a semicolon, which tells where the name ends (Istio 1.24 and later).
  for (const name of [cluster, `${cluster};`]) {
    const count = await inFlightOf(admin, name)
    if (count !== null) return count
  }
  throw failure(
    'Config',
    `${doing}: the proxy ${admin.url} keeps no counters of ${cluster}; have it keep them (proxyStatsMatcher: inclusionPrefixes: [cluster.outbound])`,
  )
}

async function each<T extends object>(
  proxies: Proxy[],
  io: Io,
  ask: (admin: Admin) => Promise<T>,
): Promise<({ url: string } & (T | { silent: string }))[]> {
  return await Promise.all(
    proxies.map(async (proxy) => {
      try {
        return { url: proxy.url, ...(await ask(adminOf(proxy, io))) }
      } catch (error) {
        if (isTold(io.signal)) throw error
        return {
          url: proxy.url,
          silent: `the proxy ${proxy.url} could not be asked: ${(error as Error).message}`,
        }
      }
    }),
  )
}

function adminOf({ url, fetch }: Proxy, io: Io): Admin {
  return { url, fetch, signal: io.signal }
}
