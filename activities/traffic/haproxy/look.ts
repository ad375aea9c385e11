// One look at a backend: the weights in force, and what a reload would bring. What is read is told as a port's `Observed`.
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { sameJson } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import type { InFlight, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { cautionsOf, isUsable, statusOf } from './cautions.ts'
import {
  type BackendStat,
  type Cli,
  type ServerStat,
  type States,
  readBackend,
  readServerStates,
} from './client.ts'
import { refused } from './refusals.ts'
import type { HaproxyConfig } from './schema.ts'
import { type StateFile, type StateFileLook, lookAtStateFile } from './state-file.ts'
import { type Sides, type Weights, total } from './servers.ts'
import { sizesOf, splitOf } from './weights.ts'
import { type Leaving, lookAtLeaving, workersOf } from './workers.ts'

export interface Edge {
  config: HaproxyConfig
  fetch: typeof globalThis.fetch
  sides: Sides
  /** What messages call it. */
  place: string
}

export interface Look {
  /** The process that was asked: a write goes to the same one. */
  cli: Cli
  /** Workers of before a reload, where a master tells of them. */
  leaving: Leaving[]
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
  const workers = await workersOf(config, io)
  const cli = workers.present
  const backend = await readBackend(cli, config.backend, io.signal).catch((error: unknown) => {
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
  const seen = { cli, leaving: await lookAtLeaving(edge, workers, io), backend, stats, weights }
  if (!needsInitialWeights(edge, weights)) return { ...seen, initial: {}, file: null }
  const states = await statesOf(edge, cli, io)
  const initial = initialWeights(edge, states)
  return { ...seen, initial, file: await fileOf(edge, states, io) }
}

export async function statesOf({ place }: Edge, cli: Cli, io: Io): Promise<States> {
  return readServerStates(cli, io.signal).catch((error: unknown) => {
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
  if (now.leaving.length > 0) facts.leaving = now.leaving.map((each) => leavingWords(each, sides))
  const reload = reloadOf(now, sides)
  const isHeld = file?.look.isHeld === true // a file that says nothing holds nothing else: the configuration counts then
  const cautions = [
    ...cautionsOf(backend, sides, { weights, sizes: sizesOf(sides, [weights, now.initial]) }),
    ...outvoted(now, sides).map((each) => `${leavingWords(each, sides)}; HAProxy takes no weights for it`),
    ...(reload !== null && !isHeld
      ? [
          `a reload would bring ${JSON.stringify(reload.value)}: the ${reload.place} ${file?.look.why ?? 'says nothing of these servers'}`,
        ]
      : []),
  ]
  const elsewhere = [...(reload !== null && isHeld ? [reload] : []), ...servedElsewhere(now, sides)]
  return {
    value,
    facts,
    ...(cautions.length === 0 ? {} : { cautions }),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  }
}

/** Workers of before a reload that still deal out requests by weights of their own: some users are where these say. */
export function servedElsewhere(now: Look, sides: Sides): Elsewhere[] {
  return outvoted(now, sides)
    .filter(({ isServing }) => isServing)
    .map((each) => ({
      place: `worker ${each.pid} of before a reload, which still takes requests on connections that were kept open,`,
      value: splitOf(each.weights, sides),
    }))
}

function outvoted({ leaving, weights }: Look, sides: Sides): Leaving[] {
  return leaving.filter((each) => !sameJson(splitOf(each.weights, sides), splitOf(weights, sides)))
}

function leavingWords({ pid, stats, weights }: Leaving, sides: Sides): string {
  const count = sessions(stats, [...sides.old, ...sides.new])
  const split = JSON.stringify(splitOf(weights, sides))
  return `worker ${pid} of before a reload has ${count} requests in flight and weights of its own, ${split}`
}

/** What a reload would bring, when that is something else than the weights in force. */
export function reloadOf({ weights, file }: Look, sides: Sides): Elsewhere | null {
  if (file === null) return null
  const { of, look: found } = file
  if (found.weights === null)
    return {
      place: `state file ${of.path}, which cannot be read: ${found.why}`,
      value: null,
      isUntold: true,
    }
  const value: Json = splitOf(found.weights, sides)
  return sameJson(value, splitOf(weights, sides)) ? null : { place: `state file ${of.path}`, value }
}

/** For the plan, where no state file is named. Whether HAProxy loads one cannot be asked of it (2.6). */
export async function lostByReload(edge: Edge, cli: Cli, io: Io): Promise<string> {
  const configured = initialWeights(edge, await statesOf(edge, cli, io))
  const split = JSON.stringify(splitOf(configured, edge.sides))
  return `a reload of HAProxy during the run would bring ${split}, its configured weights, unless it loads a state file (state_file names none)`
}

function initialWeights({ config }: Edge, { servers }: States): Weights {
  const own = servers.filter(({ backend }) => backend === config.backend)
  return Object.fromEntries(own.map(({ name, initialWeight }) => [name, initialWeight]))
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

/**
 * A session is a request, or a tunnel, that a server has not finished; kept-alive connections without one do not count. What waits in its
 * queue goes to it whatever its weight has become (users that a cookie leads there).
 */
export function inFlightOf({ stats, leaving }: Look, servers: string[]): InFlight {
  const own = servers.map((name) => wordsOf(stats, name))
  const left = leaving.flatMap((worker) =>
    servers.flatMap((name) =>
      unfinished(worker.stats, [name]) === 0
        ? []
        : [`${wordsOf(worker.stats, name)} in worker ${worker.pid} of before a reload`],
    ),
  )
  const all = [stats, ...leaving.map((worker) => worker.stats)]
  return { count: all.reduce((sum, each) => sum + unfinished(each, servers), 0), lines: [...own, ...left] }
}

function wordsOf(stats: Record<string, ServerStat>, name: string): string {
  const server = stats[name]
  const waiting = server === undefined || server.queued === 0 ? '' : `, ${server.queued} in its queue`
  return `${name} ${server?.sessions ?? 0}${waiting}`
}

function unfinished(stats: Record<string, ServerStat>, names: string[]): number {
  return sessions(stats, names) + names.reduce((sum, name) => sum + (stats[name]?.queued ?? 0), 0)
}

function sessions(stats: Record<string, ServerStat>, names: string[]): number {
  return names.reduce((sum, name) => sum + (stats[name]?.sessions ?? 0), 0)
}
