// The Traefiks that a connection names, asked at their APIs: what they serve of a TraefikService and what they have counted. Reads only.
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { type Question, type Hearing, type NamedProxies, askEach, unheardOf } from '../named.ts'
import type { Tally } from '../queried.ts'
import { type Api, type Service, allServices, requestsPerService, serviceNamed } from '../../traefik/api.ts'
import { type Config, type Entry, type TraefikService, isCalled, isServedAs, servedNames } from './service.ts'

/** Entry by entry, in the order of the object. */
interface Served {
  name: string
  status: string
  /** Weights or percents by what Traefik calls the entry. */
  figures: Record<string, number>
}

export type TraefikLook = Hearing<{ served: Served | null }>

export function served(
  traefiks: NamedProxies,
  { config, target, name }: { config: Config; target: string; name: string },
  io: Io,
): Promise<TraefikLook[]> {
  return askEach(traefiks, io, async (traefik) => {
    const api = apiOf(traefik)
    for (const wanted of servedNames(config, name)) {
      const found = await serviceNamed(api, wanted)
      if (found !== null)
        return { served: { name: found.name, status: found.status, figures: figuresIn(found, target) } }
    }
    return { served: null }
  })
}

/** Of the sides and the shadow, by Traefik. One that counts nothing of a side has given it none. */
export async function counted(
  traefiks: NamedProxies,
  of: { config: Config; weighted: TraefikService; mirroring: TraefikService | null },
  io: Io,
): Promise<Tally> {
  const { config, weighted, mirroring } = of
  const entries = {
    old: weighted.spec.weighted?.services?.find((entry) => isCalled(entry, config.old)),
    new: weighted.spec.weighted?.services?.find((entry) => isCalled(entry, config.new)),
    shadow: mirroring?.spec.mirroring?.mirrors?.find((entry) => isCalled(entry, config.shadow ?? '')),
  }
  const there = Object.entries(entries).flatMap(([side, entry]) =>
    entry === undefined ? [] : [{ side, entry }],
  )
  const hasNested = there.some(({ entry }) => entry.kind === NESTED)
  const looks = await askEach(traefiks, io, async (traefik) => {
    const api = apiOf(traefik)
    const [counts, services] = await Promise.all([
      requestsPerService(api, null),
      hasNested ? allServices(api) : [],
    ])
    return { counts, services }
  })
  const counters = Object.fromEntries(
    there.map(({ side, entry }) => [
      side,
      looks.flatMap((look) => {
        if ('silent' in look) return []
        const own = countedAs(entry, { ...look, config })
        return [own.reduce((sum, name) => sum + (look.counts[name] ?? 0), 0)]
      }),
    ]),
  ) as Tally['counters']
  return { counters, silent: [], unheard: unheardOf(looks) }
}

const NESTED = 'TraefikService'
const SUFFIX = '@kubernetescrd'

/** Traefik counts where requests end: of an entry that is a TraefikService, in the Services behind it. */
function countedAs(
  entry: Entry,
  { counts, services, config }: { counts: Record<string, number>; services: Service[]; config: Config },
): string[] {
  const isOwn = (name: string): boolean => name.endsWith(SUFFIX) && isServedAs(entry, name, config)
  if (entry.kind !== NESTED) return Object.keys(counts).filter(isOwn)
  const own = services.map(({ name }) => name).filter(isOwn)
  return [...new Set(own.flatMap((name) => leavesOf(name, services, [])))]
}

function leavesOf(name: string, services: Service[], above: string[]): string[] {
  const full = name.includes('@') ? name : `${name}${SUFFIX}`
  if (above.includes(full)) return []
  const { weighted, mirroring, failover } = (services.find((each) => each.name === full) ?? {}) as Nesting
  const below = [
    ...(weighted?.services ?? []).map((each) => each.name),
    ...(mirroring === undefined ? [] : [mirroring.service]), // its copies are nobody's requests
    ...(failover === undefined ? [] : [failover.service, failover.fallback]),
  ]
  return below.length === 0 ? [full] : below.flatMap((each) => leavesOf(each, services, [...above, full]))
}
interface Nesting {
  weighted?: { services?: { name: string }[] }
  mirroring?: { service: string }
  failover?: { service: string; fallback: string }
}

function figuresIn(service: JsonObject, target: string): Record<string, number> {
  const { weighted, mirroring } = service as {
    weighted?: { services?: Figure[] }
    mirroring?: { mirrors?: Figure[] }
  }
  const all = (target === 'mirror' ? mirroring?.mirrors : weighted?.services) ?? []
  return Object.fromEntries(
    all.map(({ name = '', weight = 1, percent = 0 }) => [name, target === 'mirror' ? percent : weight]),
  )
}
type Figure = { name?: string; weight?: number; percent?: number } & { [field: string]: Json }

function apiOf(traefik: Question): Api {
  return { ...traefik, metricsUrl: `${traefik.url.replace(/\/$/, '')}/metrics` }
}
