// The proxies that a connection names, asked at their admin interfaces: what they serve, have as endpoints, count and have in
// flight. Reads only.
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
import { type Hearing, type NamedProxy, type NamedProxies, askEach, unheardOf } from '../named.ts'
import type { Tally } from '../queried.ts'
import type { RuleHere } from '../rules.ts'
import { type Destination, clusterPattern, isClusterOf, nameOf } from './destination.ts'
import type { IstioConfig } from './schema.ts'
import { type ServedLook, servedOf } from './served.ts'
import type { VirtualService } from './virtual-service.ts'

const ENDPOINTS_MAX = 100 // counted one by one; more of a side are counted together

export type ProxyLook = Hearing<ServedLook>

export function served(
  proxies: NamedProxies,
  of: { service: VirtualService; rules: RuleHere[]; target: string; config: IstioConfig },
  io: Io,
): Promise<ProxyLook[]> {
  return askEach(proxies, io, async (admin) => {
    const configurations = (await servedRoutes(admin)).map(({ routeConfig }) => routeConfig)
    return servedOf(configurations, of)
  })
}

/** How often each proxy has refused what it was sent for these route configurations. */
export function refusals(proxies: NamedProxies, looks: ProxyLook[], io: Io): Promise<ProxyNumber[]> {
  return askEach(proxies, io, async (admin) => {
    const look = looks.find(({ url }) => url === admin.url)
    const names = look === undefined || 'silent' in look ? [] : look.configurations
    const counts = await Promise.all(names.map((name) => rejectedUpdates(admin, name)))
    return { count: counts.reduce((all, count) => all + count, 0) }
  })
}
type ProxyNumber = Hearing<{ count: number }>

type ProxyEndpoints = Hearing<{ endpoints: Record<string, Endpoint[]> }>

export function endpoints(
  proxies: NamedProxies,
  of: { wanted: Destination[]; namespace: string },
  io: Io,
): Promise<ProxyEndpoints[]> {
  const { wanted, namespace } = of
  return askEach(proxies, io, async (admin) => ({
    endpoints: await endpointsLike(admin, {
      isWanted: (name) => wanted.some((destination) => isClusterOf(name, destination, namespace)),
      pattern: wanted.map((destination) => clusterPattern(destination, namespace)).join('|'),
    }),
  }))
}

/** What the proxies have counted per destination: requests to each endpoint, which every proxy counts whatever it is told to keep. */
export async function counted(proxies: NamedProxies, config: IstioConfig, io: Io): Promise<Tally> {
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
  return { counters, silent: [], unheard: unheardOf(looks) }
}

function countersOf(all: Endpoint[]): number[] {
  const sorted = all.toSorted((one, other) => (one.address < other.address ? -1 : 1))
  const counts = sorted.map(({ requests }) => requests)
  return counts.length <= ENDPOINTS_MAX ? counts : [counts.reduce((sum, count) => sum + count, 0)]
}

/** Of all proxies; a part is no count. */
export async function inFlight(
  proxies: NamedProxies,
  { side, config }: { side: 'old' | 'new'; config: IstioConfig },
  io: Io,
): Promise<InFlight> {
  const destination = config[side]
  const doing = `counting requests in flight of ${nameOf(destination)}`
  if (proxies.all.length === 0)
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
      const here = await countIn({ ...(proxies.all[at] as NamedProxy), signal: io.signal }, cluster, doing)
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
