// Traefik's API and metrics, read only: what it serves and what it counted. https://doc.traefik.io/traefik/reference/install-configuration/api-dashboard/
// Verified 2026-11-27 on 3.7.15.
import type { JsonObject } from '../../workflows/json.ts'
import { failure } from '../failure.ts'
import { excerpt, exchange, statusKind } from '../http.ts'

const ANSWER_MS_MAX = 3_000 // the API answers within milliseconds; the rest of the engine's 4 s is for the file
const ANSWER_BYTES_MAX = 16 * 1024 * 1024 // some ten thousand services or series
const PER_PAGE = 1_000
const PAGES_MAX = 20 // more services than that in one Traefik: somebody else shows in the counters then
const COUNTER = /^traefik_service_requests_total\{([^}]*)\} (\S+)/
const COUNTED_SERVICE = /(?:^|,)service="([^"]*)"/

export interface Api {
  url: string
  metricsUrl: string
  fetch: typeof globalThis.fetch
  signal: AbortSignal
  /** Of one question; left out: as long as a look may wait. */
  timeoutMs?: number
}

export interface Service extends JsonObject {
  name: string
  status: string
}

/** `v1` is a name of the file provider. */
export function fullName(name: string): string {
  return name.includes('@') ? name : `${name}@file`
}

/** null: Traefik has none of this name. */
export async function serviceNamed(api: Api, name: string): Promise<Service | null> {
  const { status, body, what } = await get(
    api,
    `${base(api.url)}/api/http/services/${encodeURIComponent(fullName(name))}`,
  )
  if (status === 404 && body.includes('service not found')) return null
  return read(body, { status, what }) as Service
}

/** Every service of every provider. */
export async function allServices(api: Api): Promise<Service[]> {
  const found: Service[] = []
  for (let page = 1; page <= PAGES_MAX; page++) {
    const path = `/api/http/services?per_page=${PER_PAGE}&page=${page}`
    const { status, body, what } = await get(api, `${base(api.url)}${path}`)
    const services = read(body, { status, what }) as Service[]
    found.push(...services)
    if (services.length < PER_PAGE) break
  }
  return found
}

/** Requests that each service has answered since Traefik started, whatever came of them; of all services where none are named. */
export async function requestsPerService(api: Api, names: string[] | null): Promise<Record<string, number>> {
  const { status, body, what } = await get(api, api.metricsUrl)
  if (status !== 200) throw failure(statusKind(status), `${what}: status ${status}: ${excerpt(body)}`)
  if (!body.includes('traefik_')) {
    throw failure(
      'Config',
      `${what}: it holds no series of Traefik; metrics.prometheus with addServicesLabels is needed`,
    )
  }
  const counts = new Map((names ?? []).map((name) => [fullName(name), 0]))
  for (const line of body.split('\n')) {
    const [, labels = '', value] = COUNTER.exec(line) ?? []
    const service = COUNTED_SERVICE.exec(labels)?.[1] ?? ''
    if (service !== '' && (names === null || counts.has(service)))
      counts.set(service, (counts.get(service) ?? 0) + Number(value))
  }
  if (names === null) return Object.fromEntries(counts)
  return Object.fromEntries(names.map((name) => [name, counts.get(fullName(name)) ?? 0]))
}

function base(url: string): string {
  return url.replace(/\/$/, '')
}

async function get(
  { fetch, signal, timeoutMs = ANSWER_MS_MAX }: Api,
  url: string,
): Promise<{ status: number; body: string; what: string }> {
  const what = `asking Traefik at ${url.replace(/\?.*$/, '')}`
  const { status, body, isCut } = await exchange(fetch, {
    what,
    url,
    init: { method: 'GET', headers: {} },
    signal,
    timeoutMs,
    bytesMax: ANSWER_BYTES_MAX,
  })
  if (isCut) throw failure('Unsupported', `${what}: the answer is longer than ${ANSWER_BYTES_MAX} bytes`)
  return { status, body, what }
}

function read(body: string, { status, what }: { status: number; what: string }): unknown {
  if (status !== 200) throw failure(statusKind(status), `${what}: status ${status}: ${excerpt(body)}`)
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw failure('Config', `${what}: the answer is not JSON; is this the address of Traefik's API?`, {
      cause,
    })
  }
}
