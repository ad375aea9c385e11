// Envoy's admin interface, read-only: what it serves, which clusters it has, what it counted. For every provider that moves an Envoy.
// https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin ; verified 2026-11-21 on 1.40.
import type { JsonObject } from '../../workflows/json.ts'
import { failure } from '../failure.ts'
import { excerpt, exchange, statusKind } from '../http.ts'
import { escaped } from './admin-names.ts'

const ADMIN_MS_MAX = 3_000 // the admin answers within milliseconds; the rest of the engine's 4 s is for the file
const ANSWER_BYTES_MAX = 64 * 1024 * 1024 // a config dump of some ten thousand routes

export interface Admin {
  url: string
  fetch: typeof globalThis.fetch
  signal: AbortSignal
  /** Of one question; left out: as long as a look may wait. */
  timeoutMs?: number
}

export interface ServedRoutes {
  version: string
  routeConfig: JsonObject
}

/** Every route configuration that came by RDS, as Envoy serves it now. */
export async function servedRoutes(admin: Admin): Promise<ServedRoutes[]> {
  const dump = await getJson<{ configs?: Dumped[] }>(admin, '/config_dump?resource=dynamic_route_configs')
  return (dump?.configs ?? []).flatMap(({ version_info, route_config }) =>
    route_config === undefined ? [] : [{ version: version_info ?? '', routeConfig: route_config }],
  )
}

type Dumped = { version_info?: string; route_config?: JsonObject }

export interface Endpoint {
  address: string
  /** Locality and priority: which of them get requests is Envoy's choice. */
  place: string
  /** Requests since Envoy knows it. */
  requests: number
  /** Why it is unhealthy; empty = it is not. */
  troubles: string[]
}

/** The endpoints of the clusters of these names that Envoy has, by cluster. */
export async function endpointsOf(admin: Admin, names: string[]): Promise<Record<string, Endpoint[]>> {
  return await endpointsLike(admin, { isWanted: (name) => names.includes(name), pattern: patternOf(names) })
}

export function patternOf(names: string[]): string {
  return names.map(escaped).join('|')
}

/** The same of the clusters that are wanted; `pattern` keeps the answer small. */
export async function endpointsLike(
  admin: Admin,
  { isWanted, pattern }: { isWanted: (name: string) => boolean; pattern: string },
): Promise<Record<string, Endpoint[]>> {
  const filter = `^(?:${pattern})$` // before 1.3x Envoy answers with all clusters all the same
  const path = `/clusters?format=json&filter=${encodeURIComponent(filter)}`
  const answer = await getJson<{ cluster_statuses?: ClusterStatus[] }>(admin, path)
  const found = (answer?.cluster_statuses ?? []).filter(({ name }) => isWanted(name))
  return Object.fromEntries(found.map(({ name, host_statuses: hosts = [] }) => [name, hosts.map(endpointOf)]))
}

/** What the counters of these clusters are called: by `alt_stat_name` where there is one, and a colon is not among the signs of a name. */
export async function countedAs(admin: Admin, names: string[]): Promise<Record<string, string>> {
  const filter = `^(?:${patternOf(names)})$`
  const path = `/clusters?format=json&filter=${encodeURIComponent(filter)}`
  const answer = await getJson<{ cluster_statuses?: ClusterStatus[] }>(admin, path)
  const called = new Map(
    (answer?.cluster_statuses ?? []).map(({ name, observability_name: as }) => [name, as]),
  )
  return Object.fromEntries(names.map((name) => [name, (called.get(name) ?? name).replaceAll(':', '_')]))
}

type ClusterStatus = { name: string; observability_name?: string; host_statuses?: HostStatus[] }
type HostStatus = {
  address?: { socket_address?: { address?: string; port_value?: number }; pipe?: { path?: string } }
  health_status?: Record<string, boolean | string>
  stats?: { name?: string; value?: string | number }[]
  locality?: { region?: string; zone?: string; sub_zone?: string }
  priority?: number
}

/** Every kind of reason is a field of its own: `failed_active_health_check: true`, `eds_health_status: "DRAINING"`. */
function endpointOf(host: HostStatus): Endpoint {
  const { eds_health_status: eds, ...flags } = host.health_status ?? {}
  const troubles = Object.entries(flags).flatMap(([reason, is]) =>
    is === true ? [reason.replaceAll('_', ' ')] : [],
  )
  if (typeof eds === 'string' && eds !== 'HEALTHY' && eds !== 'UNKNOWN') troubles.push(eds)
  const { address, port_value: port } = host.address?.socket_address ?? {}
  const { region = '', zone = '', sub_zone: part = '' } = host.locality ?? {}
  return {
    address: `${address ?? host.address?.pipe?.path ?? '?'}:${port ?? ''}`,
    place: [region, zone, part, host.priority ?? 0].join('/'),
    requests: Number(host.stats?.find(({ name }) => name === 'rq_total')?.value ?? 0),
    troubles,
  }
}

/** What Envoy's runtime holds, by key: in force whatever configurations say of the same. */
export async function runtimeValues(admin: Admin): Promise<Record<string, string>> {
  const answer = await getJson<{ entries?: Record<string, { final_value?: string }> }>(admin, '/runtime')
  const entries = Object.entries(answer?.entries ?? {})
  return Object.fromEntries(entries.map(([key, { final_value: value }]) => [key, value ?? '']))
}

export async function clusterNames(admin: Admin): Promise<string[]> {
  const answer = await getJson<{ cluster_statuses?: { name: string }[] }>(admin, '/clusters?format=json')
  return (answer?.cluster_statuses ?? []).map((cluster) => cluster.name)
}

/** Why something may be missing for the moment only: Envoy is starting, or asks for routes that it has not got. null = it is not. */
export async function whyIncomplete(admin: Admin, routeConfig: string | undefined): Promise<string | null> {
  const info = await getJson<{ state?: string; uptime_current_epoch?: string }>(admin, '/server_info')
  if (info?.state !== 'LIVE') return `it is ${info?.state ?? 'in an unknown state'} and not yet LIVE`
  const name = routeConfig === undefined ? '.*' : escaped(routeConfig)
  const stats = await counters(admin, `\\.rds\\.${name}\\.(?:update_attempt|update_success)$`)
  const sum = (of: string): number =>
    Object.entries(stats).reduce((all, [stat, count]) => all + (stat.endsWith(of) ? count : 0), 0)
  const isWaiting = sum('.update_attempt') > 0 && sum('.update_success') === 0
  return isWaiting ? 'it asks for them and has not got any yet; is the route file there and valid?' : null
}

/** How many updates of this route configuration Envoy has rejected since it started. */
export async function rejectedUpdates(admin: Admin, routeConfig: string): Promise<number> {
  const stats = await counters(admin, `\\.rds\\.${escaped(routeConfig)}\\.update_rejected$`)
  return Object.values(stats).reduce((sum, count) => sum + count, 0)
}

/** Requests sent to each of the clusters since Envoy started, mirrored ones and retries included. */
export async function requestsPerCluster(admin: Admin, clusters: string[]): Promise<Record<string, number>> {
  const names = clusters.map(escaped).join('|')
  const stats = await counters(admin, `^cluster\\.(?:${names})\\.upstream_rq_total$`)
  return Object.fromEntries(clusters.map((name) => [name, stats[`cluster.${name}.upstream_rq_total`] ?? 0]))
}

/** Requests of a cluster that have not ended, tunnels and waiting ones among them. Null: Envoy does not count that cluster. */
export async function inFlightOf(admin: Admin, cluster: string): Promise<number | null> {
  const prefix = `cluster.${cluster}`
  const stats = await counters(
    admin,
    `^cluster\\.${escaped(cluster)}\\.upstream_rq_(?:active|pending_active)$`,
  )
  const active = stats[`${prefix}.upstream_rq_active`]
  return active === undefined ? null : active + (stats[`${prefix}.upstream_rq_pending_active`] ?? 0)
}

async function counters(admin: Admin, filter: string): Promise<Record<string, number>> {
  const path = `/stats?format=json&filter=${encodeURIComponent(filter)}`
  const answer = await getJson<{ stats?: { name?: string; value?: number }[] }>(admin, path)
  const named = (answer?.stats ?? []).flatMap(({ name, value }) =>
    name === undefined || value === undefined ? [] : [[name, value] as const],
  )
  return Object.fromEntries(named)
}

/** null: Envoy has nothing of that name (it says so with 404). */
async function getJson<T>(
  { url, fetch, signal, timeoutMs = ADMIN_MS_MAX }: Admin,
  path: string,
): Promise<T | null> {
  const what = `asking Envoy's admin ${url}${path.replace(/\?.*$/, '')}`
  const answer = await exchange(fetch, {
    what,
    url: `${url.replace(/\/$/, '')}${path}`,
    init: { method: 'GET', headers: {} },
    signal,
    timeoutMs,
    bytesMax: ANSWER_BYTES_MAX,
  })
  if (answer.status === 404 && /not found in config dump/.test(answer.body)) return null
  if (answer.status !== 200) {
    throw failure(statusKind(answer.status), `${what}: status ${answer.status}: ${excerpt(answer.body)}`)
  }
  try {
    return JSON.parse(answer.body) as T
  } catch (cause) {
    throw failure('Config', `${what}: the answer is not JSON; is this an Envoy's admin address?`, { cause })
  }
}
