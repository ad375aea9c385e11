// One look at a route: what Envoy serves is the value; what the file says is remembered for the next write.
import { type Json, type JsonObject, sameJson } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, type Mirror, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { cautionsOf } from './cautions.ts'
import { readCohort, strangeIn } from './cohort.ts'
import { runtimeValues, servedRoutes, whyIncomplete } from '../../envoy/admin.ts'
import { type Edge, adminOf } from './edge.ts'
import { fileFailure } from '../file-failure.ts'
import { versionOfParts } from '../versions.ts'
import { type WholeFile, readWhole } from '../whole-file.ts'
import {
  type RouteHere,
  UnfitRoute,
  field,
  findRoute,
  keyOf,
  objects,
  readSplit,
  withoutTarget,
} from './routes.ts'
import { readMirror } from './mirrors.ts'
import { keysFor, overriddenBy } from './runtime.ts'
import type { EnvoyConfig } from './schema.ts'

export type Value = Split | Mirror | Cohort

export interface Look {
  target: string
  routeConfigName: string
  route: RouteHere
  value: Value
  servedVersion: string
  file: FileLook
  /** What is in force instead of what is configured, if anything is. */
  overridden: Elsewhere | null
}

/** The file as it is, parsed as far as it can be; `problem` says why a write could not be based on it. */
export type FileLook =
  | { file: WholeFile; document: JsonObject; resource: JsonObject; route: RouteHere; problem?: undefined }
  | { file?: WholeFile; problem: Error }

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  const { config } = edge
  refuseOther(config, target)
  const doing = `reading ${target} from Envoy at ${config.admin}`
  const all = await servedRoutes(adminOf(edge, io))
  const names = all.map(({ routeConfig }) => String(routeConfig.name))
  const fitting = all.filter(
    ({ routeConfig }) => routeConfig.name === (config.route_config ?? routeConfig.name),
  )
  if (fitting.length === 0) {
    const wanted = config.route_config === undefined ? 'that came by RDS' : config.route_config
    const words = `${doing}: no route configuration ${wanted}; it serves ${names.join(', ') || 'none'}`
    const why = await whyIncomplete(adminOf(edge, io), config.route_config)
    throw why === null ? failure('Missing', words) : failure('Unavailable', `${words}: ${why}`)
  }
  if (fitting.length > 1) {
    throw failure(
      'Config',
      `${doing}: several route configurations (${names.join(', ')}); name one with route_config`,
    )
  }
  const [served] = fitting as [(typeof fitting)[number]]
  return translating(doing, async () => {
    const route = findRoute(served.routeConfig, config)
    const routeConfigName = String(served.routeConfig.name)
    const file = await lookAtFile(edge, routeConfigName, io)
    const value = valueOf(route, config, target)
    const overridden = await overriddenIn(edge, { route, target, value }, io)
    return { target, routeConfigName, route, value, servedVersion: served.version, file, overridden }
  })
}

async function overriddenIn(
  edge: Edge,
  { route, target, value }: Pick<Look, 'route' | 'target' | 'value'>,
  io: Io,
): Promise<Elsewhere | null> {
  if ('users' in value || keysFor(route, target, edge.config).length === 0) return null
  const values = await runtimeValues(adminOf(edge, io))
  return overriddenBy(values, { route, target, choice: edge.config, value })
}

export async function observed(here: Look, edge: Edge, io: Io): Promise<Observed<Value>> {
  const { config } = edge
  const facts: JsonObject = { serves: `version ${here.servedVersion}` }
  const disagreement = disagreementOf(here, config)
  if (disagreement !== null) facts.disagreement = disagreement
  if (here.route.sharing.length > 0) {
    facts.sharing = `other routes send to the same clusters and are counted with this one: ${here.route.sharing.join('; ')}`
  }
  const elsewhere = [here.overridden, strangeOf(here, config), elsewhereOf(here, config)].filter(
    (each) => each !== null,
  )
  const cautions = await cautionsOf(edge, here, io)
  return {
    value: here.value,
    version: versionOf(here, config),
    facts,
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
    ...(cautions.length === 0 ? {} : { cautions }),
  }
}

/** Routes of a cohort that Envoy serves otherwise than they were written. */
export function strangeOf({ route, target }: Look, config: EnvoyConfig): Elsewhere | null {
  const place = target === COHORT ? strangeIn(route, config) : null
  return place === null ? null : { place, value: null }
}

/** The route file, when it holds something else than Envoy serves: at Envoy's next start that is what will be served. */
export function elsewhereOf({ file, target, value }: Look, config: EnvoyConfig): Elsewhere | null {
  const place = `route file ${config.routes}`
  if (file.problem !== undefined)
    return { place: `${place} (${file.problem.message})`, value: null, isUntold: true }
  const says = valueInFile(file.route, config, target)
  return sameJson(says, value) ? null : { place, value: says }
}

/**
 * Three parts: Envoy's version, what our target is in both places, and all the rest of the file. Somebody's change beside our
 * target is no conflict; without the first part a value that was changed and changed back would pass for untouched.
 */
export function versionOf({ servedVersion, file, value, target }: Look, config: EnvoyConfig): string {
  const inFile = file.problem === undefined ? valueInFile(file.route, config, target) : null
  return versionOfParts({
    identity: servedVersion,
    own: { value, inFile },
    beside: restOf(file, config, target),
  })
}

/** The file without its version and without what a write to this target sets. */
function restOf(file: FileLook, config: EnvoyConfig, target: string): Json {
  if (file.problem !== undefined) return file.file?.text ?? null
  const document = structuredClone(file.document)
  delete document[keyOf(document, 'version_info')]
  const resource = objects(document.resources)[objects(file.document.resources).indexOf(file.resource)] ?? {}
  withoutTarget(findRoute(resource, config), target, config)
  return document
}

export function valueOf(route: RouteHere, config: EnvoyConfig, target: string): Value {
  if (target === COHORT) return readCohort(route, config)
  return target === 'split' ? readSplit(route.action, config) : readMirror(route, config.shadow ?? '')
}

/** Gives an UnfitRoute its kind, and says what was being done. */
export async function translating<T>(doing: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UnfitRoute) throw failure(error.kind, `${doing}: ${error.message}`)
    throw error
  }
}

async function lookAtFile({ config }: Edge, name: string, io: Io): Promise<FileLook> {
  const doing = `reading route file ${config.routes}`
  let file: WholeFile | undefined
  try {
    file = await readWhole(config.routes, io.signal)
    const document = JSON.parse(file.text) as JsonObject
    const resource = objects(document.resources).find((each) => each.name === name)
    if (resource === undefined) throw new UnfitRoute('Missing', `no resource ${name} in it`)
    return { file, document, resource, route: findRoute(resource, config) }
  } catch (error) {
    if (io.signal.aborted) throw fileFailure(doing, error, io.signal)
    if (file === undefined) return { problem: fileFailure(doing, error, io.signal) as Error }
    const kind = error instanceof UnfitRoute ? error.kind : 'Rejected'
    return { file, problem: failure(kind, `${doing}: ${(error as Error).message}`) }
  }
}

function disagreementOf({ file, target, value, servedVersion }: Look, config: EnvoyConfig): string | null {
  if (file.problem !== undefined)
    return `Envoy goes on serving ${JSON.stringify(value)}, but ${file.problem.message}`
  const version = String(field(file.document, 'version_info') ?? '')
  const says = valueInFile(file.route, config, target)
  if (version === servedVersion && sameJson(says, value)) return null
  const inFile = `${JSON.stringify(says)} (version ${version})`
  return `the route file says ${inFile}, Envoy serves ${JSON.stringify(value)} (version ${servedVersion}): rejected or not taken up`
}

function valueInFile(route: RouteHere, config: EnvoyConfig, target: string): Json {
  try {
    const strange = target === COHORT ? strangeIn(route, config) : null
    if (strange !== null) return strange
    return valueOf(route, config, target)
  } catch (error) {
    return (error as Error).message // the file's route is unfit; Envoy's is what counts
  }
}

function refuseOther(config: EnvoyConfig, target: string): void {
  if (target === 'split' || (target === 'mirror' && config.shadow !== undefined)) return
  if (target === COHORT && config.cohort !== undefined) return
  const why = WITHOUT[target] ?? 'it has split, mirror and cohort only'
  throw failure('Unsupported', `traffic/envoy cannot change ${target}: ${why}`)
}

const WITHOUT: Record<string, string> = {
  mirror: 'the connection names no `shadow` cluster',
  cohort: 'the connection says not how members are told (cohort: { header: x-tenant })',
}
