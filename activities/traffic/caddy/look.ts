// One look at a reverse proxy handler: weights by upstream, and whether the handler is one that a cutover can work on.
import { type Json, type JsonObject, isObject, sameJson } from '../../../workflows/json.ts'
import type { Io, Observed } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { isTold } from '../../http.ts'
import { versionOfParts } from '../versions.ts'
import { type Edge, handlers, inFlight, readHandler } from './client.ts'
import { sideOf } from './schema.ts'
import { type Sides, type Weights, splitOf } from './weights.ts'

const POLICY = 'weighted_round_robin'

export interface Look {
  etag: string
  /** The handler itself. */
  object: JsonObject
  /** Dial addresses in the order of the configuration, which is the order of the weights. */
  dials: string[]
  weights: Weights
  sides: Sides
  value: Split
  version: string
  cautions: string[]
}

export function sidesOf({ config }: Edge): Sides {
  return { old: sideOf(config.old), new: sideOf(config.new) }
}

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  if (target !== 'split') {
    const why = target === 'mirror' ? 'it has no mirroring, only split' : 'it has split only'
    throw failure('Unsupported', `traffic/caddy cannot change ${target}: ${why}`)
  }
  const { config } = edge
  const doing = `reading ${config.handler} of Caddy at ${config.admin}`
  const { object, etag } = await readHandler(edge, io.signal)
  const { dials, list } = partsOf(object, doing)
  const sides = sidesOf(edge)
  const missing = [...sides.old, ...sides.new].filter((dial) => !dials.includes(dial))
  if (missing.length > 0) {
    throw failure('Missing', `${doing}: no upstream ${missing.join(', ')}; it has ${dials.join(', ')}`)
  }
  const weights = Object.fromEntries(dials.map((dial, at) => [dial, list[at]!]))
  const others = dials.filter((dial) => ![...sides.old, ...sides.new].includes(dial) && weights[dial] !== 0)
  if (others.length > 0) {
    const words = others.map((dial) => `${dial} (weight ${weights[dial]})`).join(', ')
    throw failure(
      'Config',
      `${doing}: it also sends to ${words}: name every upstream on a side, or give it weight 0`,
    )
  }
  const version = versionOfParts({ identity: 'etag', own: { dials, list }, beside: withoutWeights(object) })
  return {
    etag,
    object,
    dials,
    weights,
    sides,
    value: splitOf(weights, sides),
    version,
    cautions: cautionsOf(object),
  }
}

export async function observed(edge: Edge, here: Look, io: Io): Promise<Observed<Split>> {
  const { value, version, sides, cautions } = here
  const facts = await inFlight(edge, io.signal).catch((error: unknown) => {
    if (isTold(io.signal)) throw error
    return null // what it has in flight is a fact besides; the value was read
  })
  const of = (side: string[]): number => side.reduce((all, dial) => all + (facts?.[dial] ?? 0), 0)
  return {
    value,
    version,
    ...(cautions.length === 0 ? {} : { cautions }),
    ...(facts === null ? {} : { facts: { inFlight: { old: of(sides.old), new: of(sides.new) } } }),
  }
}

/** For a plan: handlers beside this one that send to an upstream of a side. Whoever comes by them is not moved. */
export async function cautionsBeside(edge: Edge, here: Look, io: Io): Promise<string[]> {
  const dials = [...here.sides.old, ...here.sides.new]
  try {
    const all = await handlers(edge, io.signal)
    const own = all.findIndex((each) => sameJson(each, here.object))
    return all.flatMap((each, at) => {
      const to = at === own ? [] : dials.filter((dial) => dialsOf(each).includes(dial))
      if (to.length === 0) return []
      const name = typeof each['@id'] === 'string' ? `handler ${each['@id']}` : 'another handler'
      return [`${name} sends to ${to.join(', ')} too: its users are not moved, and are counted in flight`]
    })
  } catch (error) {
    if (isTold(io.signal)) throw error
    return [`other handlers could not be looked at: ${(error as Error).message}`]
  }
}

function dialsOf(object: JsonObject): string[] {
  const upstreams = Array.isArray(object['upstreams']) ? object['upstreams'] : []
  return upstreams.flatMap((each) =>
    isObject(each) && typeof each['dial'] === 'string' ? [each['dial']] : [],
  )
}

function partsOf(object: JsonObject, doing: string): { dials: string[]; list: number[] } {
  const dials = dialsOf(object)
  const count = Array.isArray(object['upstreams']) ? object['upstreams'].length : 0
  const policy = within(object, ['load_balancing', 'selection_policy'])
  if (object['handler'] !== 'reverse_proxy' || dials.length < 2 || dials.length !== count) {
    throw failure('Config', `${doing}: it is no reverse_proxy handler with upstreams of its own`)
  }
  if (new Set(dials).size !== dials.length) throw failure('Config', `${doing}: it names an upstream twice`)
  if (within(policy, ['policy']) !== POLICY) {
    throw failure(
      'Config',
      `${doing}: its selection policy is ${String(within(policy, ['policy']) ?? 'not set')}; it must be ${POLICY}`,
    )
  }
  const weights = within(policy, ['weights'])
  const list = Array.isArray(weights)
    ? weights.filter((weight): weight is number => typeof weight === 'number')
    : []
  // Caddy takes lists of another length: upstreams without a weight then get nothing.
  if (list.length !== dials.length) {
    throw failure(
      'Config',
      `${doing}: ${list.length} weights for ${dials.length} upstreams; write one for each`,
    )
  }
  return { dials, list }
}

function cautionsOf(handler: JsonObject): string[] {
  if (handler['stream_close_delay'] !== undefined) return []
  return ['stream_close_delay is not set: every change closes WebSockets and other tunnels at once']
}

function withoutWeights(object: JsonObject): Json {
  const rest = structuredClone(object)
  const policy = within(rest, ['load_balancing', 'selection_policy'])
  if (isObject(policy ?? null)) delete (policy as JsonObject)['weights']
  return rest
}

function within(value: Json | undefined, path: string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (now, key) => (isObject(now ?? null) ? (now as JsonObject)[key] : undefined),
    value,
  )
}
