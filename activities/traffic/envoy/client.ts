// Envoy's admin interface, read-only: what it serves, which clusters it has, what it counted.
// https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin ; verified 2026-11-21 on 1.40.
import type { JsonObject } from '../../../workflows/json.ts'
import { failure } from '../../failure.ts'
import { excerpt, exchange, statusKind } from '../../http.ts'

const ADMIN_MS_MAX = 3_000 // the admin answers within milliseconds; the rest of the engine's 4 s is for the file
const ANSWER_BYTES_MAX = 64 * 1024 * 1024 // a config dump of some ten thousand routes

export interface Admin {
  url: string
  fetch: typeof globalThis.fetch
  signal: AbortSignal
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

export async function clusterNames(admin: Admin): Promise<string[]> {
  const answer = await getJson<{ cluster_statuses?: { name: string }[] }>(admin, '/clusters?format=json')
  return (answer?.cluster_statuses ?? []).map((cluster) => cluster.name)
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

async function counters(admin: Admin, filter: string): Promise<Record<string, number>> {
  const path = `/stats?format=json&filter=${encodeURIComponent(filter)}`
  const answer = await getJson<{ stats?: { name?: string; value?: number }[] }>(admin, path)
  const named = (answer?.stats ?? []).flatMap(({ name, value }) =>
    name === undefined || value === undefined ? [] : [[name, value] as const],
  )
  return Object.fromEntries(named)
}

/** null: Envoy has nothing of that name (it says so with 404). */
async function getJson<T>({ url, fetch, signal }: Admin, path: string): Promise<T | null> {
  const what = `asking Envoy's admin ${url}${path.replace(/\?.*$/, '')}`
  const answer = await exchange(fetch, {
    what,
    url: `${url.replace(/\/$/, '')}${path}`,
    init: { method: 'GET', headers: {} },
    signal,
    timeoutMs: ADMIN_MS_MAX,
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

/** RE2 and the names of stats: everything but letters, digits and underscores is taken literally. */
function escaped(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '\\$&')
}
