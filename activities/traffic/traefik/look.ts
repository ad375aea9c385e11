// One look at a service: what Traefik serves is the value; what the file says is the other place in which it lives.
import { type Json, sameJson } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure, kindOf } from '../../failure.ts'
import { isTold } from '../../http.ts'
import { fileFailure } from '../file-failure.ts'
import { versionOfParts } from '../versions.ts'
import { type WholeFile, readWhole } from '../whole-file.ts'
import { type Api, type Service, allServices, fullName, serviceNamed } from '../../traefik/api.ts'
import type { TraefikConfig } from './schema.ts'
import { type Figures, UnfitService, besides, figuresIn, servedFigures, valueOf } from './services.ts'

export interface Edge {
  config: TraefikConfig
  fetch: typeof globalThis.fetch
}

export interface Look {
  target: string
  served: Service
  value: Split | Mirror
  file: FileLook
}

/** The file as it is; `problem` says why a write could not be based on it. */
export type FileLook =
  | { file: WholeFile; figures: Figures; value: Split | Mirror; problem?: undefined }
  | { file?: WholeFile; problem: Error }

export function apiOf({ config, fetch }: Edge, io: Io): Api {
  const metricsUrl = config.metrics ?? `${config.api.replace(/\/$/, '')}/metrics`
  return { url: config.api, metricsUrl, fetch, signal: io.signal }
}

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  const { config } = edge
  const name = serviceOf(config, target)
  const doing = `reading ${target} from Traefik at ${config.api}`
  const served = await serviceNamed(apiOf(edge, io), name)
  if (served === null) throw failure('Missing', `${doing}: it has no service ${fullName(name)}`)
  const value = translating(`${doing}: service ${fullName(name)}`, () =>
    valueOf(servedFigures(served, target), target, config),
  )
  return { target, served, value, file: await lookAtFile(config, target, io) }
}

export async function observed(here: Look, edge: Edge, io: Io): Promise<Observed<Split | Mirror>> {
  const { config } = edge
  const elsewhere = elsewhereOf(here, config)
  const { cautions, sharing } = await besidesOf(edge, here, io)
  return {
    value: here.value,
    version: versionOf(here, config),
    ...(sharing.length === 0
      ? {}
      : {
          facts: { sharing: `others send to the same services and are counted too: ${sharing.join(', ')}` },
        }),
    ...(elsewhere === null ? {} : { elsewhere: [elsewhere] }),
    ...(cautions.length === 0 ? {} : { cautions }),
  }
}

/** The file, when it says something else than Traefik serves: not taken up yet, or refused. */
export function elsewhereOf({ file, value }: Look, config: TraefikConfig): Elsewhere | null {
  const place = `file ${config.file}`
  if (file.problem !== undefined)
    return { place: `${place} (${file.problem.message})`, value: null, isUntold: true }
  return sameJson(file.value, value) ? null : { place, value: file.value }
}

export function versionOf({ file, value, target, served }: Look, config: TraefikConfig): string {
  const inFile: Json = file.problem === undefined ? file.value : null
  const beside =
    file.problem === undefined ? besides(file.file.text, target, config) : (file.file?.text ?? null)
  const identity = file.problem === undefined ? (file.file.identity ?? 'none') : 'none'
  return versionOfParts({ identity, own: { value, inFile, served: servedFigures(served, target) }, beside })
}

/** Whoever else sends to the same services: their requests are counted with ours. */
export async function sharingOf(edge: Edge, io: Io): Promise<string[]> {
  const { config } = edge
  const own = [fullName(config.service), fullName(config.mirroring ?? '')]
  const sides = [config.old, config.new, ...(config.shadow === undefined ? [] : [config.shadow])].map(
    fullName,
  )
  const services = await allServices(apiOf(edge, io))
  return services.flatMap((each) => {
    if (own.includes(each.name)) return []
    if (sides.includes(each.name)) {
      const routers = Array.isArray(each['usedBy']) ? each['usedBy'] : []
      return routers.map((router) => `router ${String(router)}`)
    }
    const text = JSON.stringify([each['weighted'], each['mirroring'], each['failover']] as unknown)
    const names = [...text.matchAll(/"(?:name|service|fallback)":"([^"]+)"/g)].map(([, name = '']) =>
      fullName(name),
    )
    return sides.some((side) => names.includes(side)) ? [`service ${each.name}`] : []
  })
}

/** Gives an UnfitService its kind, and says what was being done. */
export function translating<T>(doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof UnfitService) throw failure(error.kind, `${doing}: ${error.message}`)
    throw error
  }
}

/** What a person should know before users are moved; a look that fails here has still read its value. */
async function besidesOf(
  edge: Edge,
  { target, served }: Look,
  io: Io,
): Promise<{ cautions: string[]; sharing: string[] }> {
  const { config } = edge
  const names = target === 'split' ? [config.old, config.new] : [config.shadow ?? '']
  try {
    const api = apiOf(edge, io)
    const [sides, sharing] = await Promise.all([
      Promise.all(names.map(async (name) => ofSide(name, await serviceNamed(api, name)))),
      sharingOf(edge, io),
    ])
    const sticky = target === 'split' && (served['weighted'] as { sticky?: unknown } | undefined)?.sticky
    return {
      sharing,
      cautions: [
        ...(served.status === 'enabled'
          ? []
          : [`${served.name} is ${served.status}: requests to it are answered 404`]),
        ...sides.flat(),
        ...(sticky
          ? [
              `${served.name} is sticky: known users keep their side while it has any weight at all, and shares are reached by new users only`,
            ]
          : []),
      ],
    }
  } catch (error) {
    if (isTold(io.signal)) throw error
    return { sharing: [], cautions: [`the services could not be looked at: ${(error as Error).message}`] }
  }
}

function ofSide(name: string, service: Service | null): string[] {
  if (service === null)
    return [`Traefik has no service ${fullName(name)}: with it the whole service would be answered 404`]
  if (service.status !== 'enabled') return [`${service.name} is ${service.status}`]
  const servers = Object.entries((service['serverStatus'] as { [url: string]: string } | undefined) ?? {})
  const down = servers.filter(([, status]) => status !== 'UP').map(([url]) => url)
  return down.length === 0
    ? []
    : [
        `${down.length} of ${servers.length} servers of ${service.name} are down: ${down.slice(0, 3).join(', ')}`,
      ]
}

async function lookAtFile(config: TraefikConfig, target: string, io: Io): Promise<FileLook> {
  const doing = `reading ${config.file}`
  let file: WholeFile | undefined
  try {
    file = await readWhole(config.file, io.signal)
    const figures = figuresIn(file.text, target, config)
    const values = Object.fromEntries(Object.entries(figures).map(([name, { value }]) => [name, value]))
    return { file, figures, value: valueOf(values, target, config) }
  } catch (error) {
    if (io.signal.aborted) throw fileFailure(doing, error, io.signal)
    if (file === undefined) return { problem: fileFailure(doing, error, io.signal) as Error }
    const kind = error instanceof UnfitService ? error.kind : (kindOf(error) ?? 'Rejected')
    return { file, problem: failure(kind, `${doing}: ${(error as Error).message}`) }
  }
}

function serviceOf({ service, mirroring, shadow }: TraefikConfig, target: string): string {
  if (target === 'split') return service
  if (target === 'mirror' && mirroring !== undefined && shadow !== undefined) return mirroring
  const why =
    target === 'mirror' ? 'the connection names no `mirroring` and `shadow`' : 'it has split and mirror only'
  throw failure('Unsupported', `traffic/traefik cannot change ${target}: ${why}`)
}
