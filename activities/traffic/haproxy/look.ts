// One look at a backend: the weights in force, and what a reload would bring. What is read is told as a port's `Observed`.
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { sameJson } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import type { InFlight, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { cautionsOf, isUsable, statusOf } from './cautions.ts'
import { type BackendStat, type ServerStat, type States, readBackend, readServerStates } from './client.ts'
import { refused } from './refusals.ts'
import type { HaproxyConfig } from './schema.ts'
import { type StateFile, type StateFileLook, lookAtStateFile } from './state-file.ts'
import { type Sides, type Weights, total } from './servers.ts'
import { sizesOf, splitOf } from './weights.ts'

export interface Edge {
  config: HaproxyConfig
  sides: Sides
  /** What messages call it. */
  place: string
}

export interface Look {
  backend: BackendStat
  /** The servers of both sides, by name. */
  stats: Record<string, ServerStat>
  weights: Weights
  /** Weights of the configuration; empty when nothing depends on them. */
  initial: Weights
  /** What the state file holds, where the connection names one. */
  file: { of: StateFile; look: StateFileLook } | null
}

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  const { config, sides, place } = edge
  if (target !== 'split') {
    throw failure('Unsupported', `traffic/haproxy cannot change ${target}: it has no mirroring, only split`)
  }
  const doing = { doing: `reading ${place}`, writes: false }
  const backend = await readBackend(config.socket, config.backend, io.signal).catch((error: unknown) => {
    throw refused(doing, error, io.signal)
  })
  const stats = Object.fromEntries(backend.servers.map((server) => [server.name, server]))
  const wanted = [...sides.old, ...sides.new]
  const missing = wanted.filter((name) => !Object.hasOwn(stats, name))
  if (missing.length > 0) {
    const there = backend.servers.map((server) => server.name).join(', ')
    throw failure('Missing', `reading ${place}: no server ${missing.join(', ')}; it has ${there}`)
  }
  const weights = Object.fromEntries(wanted.map((name) => [name, stats[name]?.weight ?? 0]))
  if (!needsInitialWeights(edge, weights)) return { backend, stats, weights, initial: {}, file: null }
  const states = await statesOf(edge, io)
  const initial = Object.fromEntries(
    states.servers
      .filter((server) => server.backend === config.backend)
      .map(({ name, initialWeight }) => [name, initialWeight]),
  )
  return { backend, stats, weights, initial, file: await fileOf(edge, states, io) }
}

export async function statesOf({ config, place }: Edge, io: Io): Promise<States> {
  return readServerStates(config.socket, io.signal).catch((error: unknown) => {
    throw refused({ doing: `reading the states of ${place}`, writes: false }, error, io.signal)
  })
}

export function observed(now: Look, edge: Edge): Observed<Split> {
  const { sides } = edge
  const { backend, stats, weights, file } = now
  const value = splitOf(weights, sides)
  const mine = Object.values(stats).filter((server) => Object.hasOwn(weights, server.name))
  const facts: JsonObject = {
    algorithm: backend.algorithm,
    sessions: { old: sessions(stats, sides.old), new: sessions(stats, sides.new) },
    servers: Object.fromEntries(mine.map((server) => [server.name, statusOf(server)])),
  }
  const down = mine.filter((server) => !isUsable(server))
  if (down.length > 0) facts.unusable = down.map((server) => `${server.name} is ${statusOf(server)}`)
  const starting = mine.filter((server) => server.throttle !== null && server.throttle < 100)
  if (starting.length > 0)
    facts.starting = starting.map(({ name, throttle }) => `${name} at ${throttle} % (slowstart)`)
  const others = backend.servers.filter((server) => !Object.hasOwn(weights, server.name) && server.weight > 0)
  if (others.length > 0)
    facts.others = others.map(({ name, weight }) => `${name} has weight ${weight} on neither side`)
  const reload = reloadOf(now, sides)
  const isHeld = file?.look.isHeld === true // a file that says nothing holds nothing else: the configuration counts then
  const cautions = [
    ...cautionsOf(backend, sides, { weights, sizes: sizesOf(sides, [weights, now.initial]) }),
    ...(reload !== null && !isHeld
      ? [
          `a reload would bring ${JSON.stringify(reload.value)}: the ${reload.place} says nothing of these servers`,
        ]
      : []),
  ]
  return {
    value,
    facts,
    ...(cautions.length === 0 ? {} : { cautions }),
    ...(reload !== null && isHeld ? { elsewhere: [reload] } : {}),
  }
}

/** What a reload would bring, when that is something else than the weights in force. */
export function reloadOf({ weights, file }: Look, sides: Sides): Elsewhere | null {
  if (file === null) return null
  const { of, look: found } = file
  if (found.weights === null)
    return { place: `state file ${of.path}, which cannot be read: ${found.why}`, value: null }
  const value: Json = splitOf(found.weights, sides)
  return sameJson(value, splitOf(weights, sides)) ? null : { place: `state file ${of.path}`, value }
}

async function fileOf({ config, sides }: Edge, states: States, io: Io): Promise<Look['file']> {
  if (config.state_file === undefined) return null
  const of = { path: config.state_file, backend: config.backend, servers: [...sides.old, ...sides.new] }
  return { of, look: await lookAtStateFile(of, states, io.signal) }
}

/** How large servers are beside each other is forgotten at run time once all of a side have weight 0. */
function needsInitialWeights({ config, sides }: Edge, weights: Weights): boolean {
  const isForgotten = (servers: string[]): boolean => servers.length > 1 && total(weights, servers) === 0
  return config.state_file !== undefined || isForgotten(sides.old) || isForgotten(sides.new)
}

/** A session is a request, or a tunnel, that a server has not finished; kept-alive connections without one do not count. */
export function inFlightOf({ stats }: Look, servers: string[]): InFlight {
  return {
    count: sessions(stats, servers),
    lines: servers.map((name) => `${name} ${stats[name]?.sessions ?? 0}`),
  }
}

function sessions(stats: Record<string, ServerStat>, names: string[]): number {
  return names.reduce((sum, name) => sum + (stats[name]?.sessions ?? 0), 0)
}
