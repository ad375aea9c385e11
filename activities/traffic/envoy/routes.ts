// Finds one route in Envoy's route configuration and reads or edits its weights and mirroring there. Pure; touches
// nothing else of the document. Field names as in Envoy's API v3, in either spelling protobuf's JSON allows.
import type { FailureKind } from '../../../workflows/failure.ts'
import { type Json, type JsonObject, canonicalJson } from '../../../workflows/json.ts'
import { COHORT, type Split } from '../../../workflows/ports/traffic.ts'
import { sharesOf, wholeWeights as partsFor } from '../parts.ts'
import type { ToldBy } from '../told-by.ts'
import { cohortName } from './cohort-name.ts'

export interface RouteChoice {
  route_config?: string
  virtual_host?: string
  route?: string | number
  old: string
  new: string
  shadow?: string
  cohort?: ToldBy & { to?: string }
}

/** The document or the route is not of the shape that a cutover can work on; says what is there and what to write. */
export class UnfitRoute extends Error {
  readonly kind: FailureKind
  constructor(kind: FailureKind, message: string) {
    super(message)
    this.kind = kind
  }
}

export interface RouteHere {
  /** For messages: `route orders of virtual host app`. */
  name: string
  /** The virtual host and the route in it: editing them edits the document. */
  host: JsonObject
  route: JsonObject
  /** The `route` action: editing it edits the document it was found in. */
  action: JsonObject
  /** Mirror policies of the virtual host, or of all of them: in force where the route has none of its own. */
  inherited: JsonObject[]
  /** Names of other routes that send to the same clusters. */
  sharing: string[]
}

export function findRoute(routeConfig: JsonObject, choice: RouteChoice): RouteHere {
  const found = objects(field(routeConfig, 'virtual_hosts'))
    .filter((host) => choice.virtual_host === undefined || host.name === choice.virtual_host)
    .flatMap((host) => placesIn(host, choice))
  const wanted = found.filter(({ route, index }) =>
    choice.route === undefined ? sendsTo(route, choice) : isCalled(route, index, choice.route),
  )
  const names = found
    .map(({ host, route, index }) => `${String(host.name)}: ${label(route, index)}`)
    .join('; ')
  if (wanted.length === 0) {
    const asked =
      choice.route === undefined ? `sends to ${choice.old} or ${choice.new}` : `is ${choice.route}`
    throw new UnfitRoute('Missing', `no route ${asked}; there is ${names === '' ? 'none' : names}`)
  }
  if (wanted.length > 1) {
    const several = wanted.map(({ host, route, index }) => `${String(host.name)}: ${label(route, index)}`)
    throw new UnfitRoute(
      'Config',
      `several routes fit: ${several.join('; ')}; name one with \`route\` and \`virtual_host\``,
    )
  }
  const [{ host, route, index }] = wanted as [{ host: JsonObject; route: JsonObject; index: number }]
  if (!isObject(route.route))
    throw new UnfitRoute('Config', `route ${label(route, index)} has no \`route\` action`)
  const all = [...found, ...cohortsIn(host, choice)]
  const sharing = all.filter((other) => other.route !== route && sendsTo(other.route, choice))
  return {
    name: `route ${label(route, index)} of virtual host ${String(host.name)}`,
    host,
    route,
    action: route.route,
    inherited: inheritedBy(host, routeConfig),
    sharing: [...new Set(sharing.map((other) => label(other.route, other.index)))],
  }
}

/** Envoy does not merge them: the innermost that are there count (RouteConfiguration, VirtualHost, RouteAction). */
function inheritedBy(host: JsonObject, routeConfig: JsonObject): JsonObject[] {
  const own = objects(field(host, 'request_mirror_policies'))
  return own.length > 0 ? own : objects(field(routeConfig, 'request_mirror_policies'))
}

type Place = { host: JsonObject; route: JsonObject; index: number }

/** Routes that lead a cohort are none to be moved, and count for no place. */
function placesIn(host: JsonObject, choice: RouteChoice): Place[] {
  return objects(host.routes)
    .filter((route) => !leadsCohort(route, choice))
    .map((route, index) => ({ host, route, index }))
}

function cohortsIn(host: JsonObject, choice: RouteChoice): Place[] {
  return objects(host.routes)
    .filter((route) => leadsCohort(route, choice))
    .map((route, index) => ({ host, route, index }))
}

function leadsCohort({ name }: JsonObject, choice: RouteChoice): boolean {
  return choice.cohort !== undefined && name === cohortName(choice)
}

/**
 * In percent of both sides. Weights that a write of these shares would not leave stand exactly under `members`; a side that the
 * route does not name is not among them, and a `cluster` of its own is one with weight 1.
 */
export function readSplit(action: JsonObject, { old, new: fresh }: RouteChoice): Split {
  const weights = clusterWeights(action)
  const others = Object.entries(weights).filter(
    ([name, weight]) => name !== old && name !== fresh && weight > 0,
  )
  if (others.length > 0) {
    const names = others.map(([name, weight]) => `${name} (weight ${weight})`).join(', ')
    throw new UnfitRoute(
      'Config',
      `the route also sends to ${names}: a cutover moves requests between two clusters only`,
    )
  }
  const named = [old, fresh].filter((name) => name in weights)
  const { split, isWritten } = sharesOf({ old: weights[old] ?? 0, new: weights[fresh] ?? 0 })
  if (isWritten && named.length === 2) return split
  return { ...split, members: Object.fromEntries(named.map((name) => [name, weights[name] ?? 0])) }
}

/** Raises UnfitRoute for a split that weights cannot hold. */
export function editSplit(action: JsonObject, desired: Split, { old, new: fresh }: RouteChoice): void {
  const weights = wholeWeights(desired, { old, fresh })
  const key = keyOf(action, 'weighted_clusters')
  if (!isObject(action[key])) {
    delete action.cluster // one cluster without weights: the same oneof
    action[key] = { clusters: [] }
  }
  const weighted = action[key]
  const clusters = objects(weighted.clusters)
  for (const [name, weight] of Object.entries(weights)) {
    const there = clusters.find((cluster) => cluster.name === name)
    if (there === undefined) clusters.push({ name, weight })
    else there.weight = weight
  }
  const { members } = desired
  const isLeftOut = (cluster: JsonObject) =>
    members !== undefined && !(String(cluster.name) in members) && cluster.weight === 0 && isBare(cluster)
  weighted.clusters = clusters.filter((cluster) => !isLeftOut(cluster))
  const [only, ...more] = objects(weighted.clusters)
  if (members === undefined || only === undefined || more.length > 0) return
  if (only.weight !== 1 || !isBare(only) || Object.keys(weighted).length > 1) return
  delete action[key]
  action.cluster = String(only.name)
}

/** It says no more than a write adds. */
function isBare(cluster: JsonObject): boolean {
  return Object.keys(cluster).every((name) => name === 'name' || name === 'weight')
}

/** Takes out what a write to the target would set, so that the rest can be compared. */
export function withoutTarget({ action, host }: RouteHere, target: string, choice: RouteChoice): void {
  const { old, new: fresh, shadow } = choice
  if (target === COHORT) {
    host.routes = objects(host.routes).filter((route) => !leadsCohort(route, choice))
    return
  }
  if (target === 'split') {
    delete action.cluster
    const weighted = field(action, 'weighted_clusters')
    const clusters = isObject(weighted) ? objects(weighted.clusters) : []
    const others = clusters.filter(({ name }) => name !== old && name !== fresh)
    if (isObject(weighted)) weighted.clusters = others
    return
  }
  const key = keyOf(action, 'request_mirror_policies')
  action[key] = objects(action[key]).filter(({ cluster }) => cluster !== shadow)
}

/** Keys of Envoy's runtime that override the weights of the file, if the route names any. */
export function runtimeKeysOf(action: JsonObject): string | null {
  const weighted = field(action, 'weighted_clusters')
  const prefix = isObject(weighted) ? field(weighted, 'runtime_key_prefix') : undefined
  return typeof prefix === 'string' && prefix !== '' ? prefix : null
}

function wholeWeights(
  desired: Split,
  { old, fresh }: { old: string; fresh: string },
): Record<string, number> {
  const members: Record<string, number> = desired.members ?? { [old]: desired.old, [fresh]: desired.new }
  const parts = partsFor({ old: members[old] ?? 0, new: members[fresh] ?? 0 })
  if (typeof parts === 'string') throw new UnfitRoute('Rejected', parts)
  if (parts.old + parts.new === 0) {
    throw new UnfitRoute('Rejected', 'weights 0 and 0 would leave no cluster to send requests to')
  }
  return { [old]: parts.old, [fresh]: parts.new }
}

export function clusterWeights(action: JsonObject): Record<string, number> {
  if (typeof action.cluster === 'string') return { [action.cluster]: 1 }
  const weighted = field(action, 'weighted_clusters')
  if (!isObject(weighted))
    throw new UnfitRoute('Config', 'the route has neither `weighted_clusters` nor `cluster`')
  const clusters = objects(weighted.clusters).map(
    ({ name, weight }) => [String(name), Number(weight ?? 0)] as const,
  )
  const names = clusters.map(([name]) => name)
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  if (twice.length > 0)
    throw new UnfitRoute('Config', `the route names ${[...new Set(twice)].join(', ')} twice: write each once`)
  return Object.fromEntries(clusters)
}

function sendsTo(route: JsonObject, { old, new: fresh }: RouteChoice): boolean {
  if (!isObject(route.route)) return false
  const weighted = field(route.route, 'weighted_clusters')
  const names = isObject(weighted)
    ? objects(weighted.clusters).map(({ name }) => name)
    : [route.route.cluster]
  return names.some((name) => name === old || name === fresh)
}

function isCalled(route: JsonObject, index: number, wanted: string | number): boolean {
  if (typeof wanted === 'number') return index === wanted
  const match = isObject(route.match) ? route.match : {}
  return [route.name, match.prefix, match.path, field(match, 'path_separated_prefix')].includes(wanted)
}

function label(route: JsonObject, index: number): string {
  return typeof route.name === 'string' ? route.name : `${index} (${canonicalJson(route.match ?? {})})`
}

/** The value of a field, whichever of its two spellings is there. */
export function field(object: JsonObject, name: string): Json | undefined {
  return object[keyOf(object, name)]
}

export function keyOf(object: JsonObject, name: string): string {
  const camel = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return Object.hasOwn(object, camel) ? camel : name
}

export function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
