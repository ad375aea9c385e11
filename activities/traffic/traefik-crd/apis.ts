// The Traefiks that a connection names, asked at their APIs: what they serve of a TraefikService and what they have counted. One that
// does not answer is told and never stands in the way of a write: going back must not wait for it. Reads only.
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { isTold } from '../../http.ts'
import type { Tally } from '../queried.ts'
import { type Api, requestsPerService, serviceNamed } from '../../traefik/api.ts'
import { type Config, type TraefikService, isCalled, isServedAs, servedNames } from './service.ts'

export interface Traefik {
  url: string
  fetch: typeof globalThis.fetch
}

/** Entry by entry, in the order of the object. */
interface Served {
  name: string
  status: string
  /** Weights or percents by what Traefik calls the entry. */
  figures: Record<string, number>
}

export type TraefikLook = { url: string } & ({ silent: string } | { served: null } | { served: Served })

export function served(
  traefiks: Traefik[],
  { config, target, name }: { config: Config; target: string; name: string },
  io: Io,
): Promise<TraefikLook[]> {
  return each(traefiks, io, async (api) => {
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
  traefiks: Traefik[],
  of: { config: Config; weighted: TraefikService; mirroring: TraefikService | null },
  io: Io,
): Promise<Tally> {
  const { config, weighted, mirroring } = of
  const entries = {
    old: weighted.spec.weighted?.services?.find((entry) => isCalled(entry, config.old)),
    new: weighted.spec.weighted?.services?.find((entry) => isCalled(entry, config.new)),
    shadow: mirroring?.spec.mirroring?.mirrors?.find((entry) => isCalled(entry, config.shadow ?? '')),
  }
  const looks = await each(traefiks, io, async (api) => ({ counts: await requestsPerService(api, null) }))
  const counters = Object.fromEntries(
    Object.entries(entries).flatMap(([side, entry]) =>
      entry === undefined
        ? []
        : [
            [
              side,
              looks.flatMap((look) => {
                if ('silent' in look) return []
                const own = Object.entries(look.counts).filter(
                  ([name]) => name.endsWith('@kubernetescrd') && isServedAs(entry, name, config),
                )
                return [own.reduce((sum, [, count]) => sum + count, 0)]
              }),
            ],
          ],
    ),
  ) as Tally['counters']
  return { counters, silent: looks.flatMap((look) => ('silent' in look ? [look.silent] : [])) }
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

async function each<T extends object>(
  traefiks: Traefik[],
  io: Io,
  ask: (api: Api) => Promise<T>,
): Promise<({ url: string } & (T | { silent: string }))[]> {
  return await Promise.all(
    traefiks.map(async ({ url, fetch }) => {
      const metricsUrl = `${url.replace(/\/$/, '')}/metrics`
      try {
        return { url, ...(await ask({ url, metricsUrl, fetch, signal: io.signal })) }
      } catch (error) {
        if (isTold(io.signal)) throw error
        return { url, silent: `the Traefik ${url} could not be asked: ${(error as Error).message}` }
      }
    }),
  )
}
