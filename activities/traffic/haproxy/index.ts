// Shares requests between servers of one HAProxy backend by run-time weights, all of them set in one command.
// Never lowers before it raises: the other order answered 503 to one request in nine (measured on 2.6).
import type { JsonObject } from '../../../workflows/json.ts'
import { sameJson } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io, Observed, Write } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { type SideCounters, confirmShare, startCounting } from '../counted.ts'
import { type BackendStat, type ServerStat, readBackend, setWeights } from './client.ts'
import { writeLevel } from './permission.ts'
import { refused } from './refusals.ts'
import { type HaproxyConfig, servers, spec } from './schema.ts'
import { type Sides, type Weights, newShare, raisingFirst, splitOf, weightsFor } from './weights.ts'

export const haproxy = defineProvider({
  spec,
  connect: (config) => {
    const sides: Sides = { old: servers(config.old), new: servers(config.new) }
    const edge: Edge = { config, sides, place: `backend ${config.backend} at ${config.socket}` }
    return {
      observe: async (target, io) => observed(await look(edge, target, io), edge),
      write: (write, io) => writeSplit(edge, write as Write<Split>, io),
      confirm: (request, io) => confirmSplit(edge, request as ConfirmRequest<Split>, io),
      permits: (_target, io) => writeLevel(config, io.signal),
    }
  },
})

interface Edge {
  config: HaproxyConfig
  sides: Sides
  /** What messages call it. */
  place: string
}

interface Look {
  backend: BackendStat
  /** The servers of both sides, by name. */
  stats: Record<string, ServerStat>
  weights: Weights
}

async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  const { config, sides, place } = edge
  if (target !== 'split') {
    throw failure('Unsupported', `traffic/haproxy cannot change ${target}: it has no mirroring, only split`)
  }
  const backend = await readBackend(config.socket, config.backend, io.signal).catch((error: unknown) => {
    throw refused(`reading ${place}`, error, io.signal)
  })
  const stats = Object.fromEntries(backend.servers.map((server) => [server.name, server]))
  const wanted = [...sides.old, ...sides.new]
  const missing = wanted.filter((name) => !Object.hasOwn(stats, name))
  if (missing.length > 0) {
    const there = backend.servers.map((server) => server.name).join(', ')
    throw failure('Missing', `reading ${place}: no server ${missing.join(', ')}; it has ${there}`)
  }
  const weights = Object.fromEntries(wanted.map((name) => [name, stats[name]?.weight ?? 0]))
  return { backend, stats, weights }
}

function observed({ backend, stats, weights }: Look, { sides }: Edge): Observed<Split> {
  const mine = Object.values(stats).filter((server) => Object.hasOwn(weights, server.name))
  const others = backend.servers.filter((server) => !Object.hasOwn(weights, server.name) && server.weight > 0)
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
  if (others.length > 0)
    facts.others = others.map(({ name, weight }) => `${name} has weight ${weight} on neither side`)
  return { value: splitOf(weights, sides), facts }
}

async function writeSplit(edge: Edge, { target, desired, seen }: Write<Split>, io: Io): Promise<void> {
  const { config, sides, place } = edge
  const now = await look(edge, target, io)
  const weights = weightsFor(desired, sides)
  if (weights === null) throw failure('Rejected', inexpressible(edge, desired))
  refuseZero(edge, now, weights)
  const steps = raisingFirst(now.weights, weights)
  if (steps.length === 0) return
  const found = splitOf(now.weights, sides)
  if (!sameJson(found, seen.value)) {
    throw failure(
      'Conflict',
      `${place} was changed by someone else: expected ${JSON.stringify(seen.value)}, found ${JSON.stringify(found)}`,
      { details: { found, writer: null } },
    )
  }
  const words = steps.map(([server, weight]) => `${server} ${weight}`).join(', ')
  await setWeights(config.socket, { backend: config.backend, weights: steps }, io.signal).catch(
    (error: unknown) => {
      throw refused(`setting weights ${words} in ${place}`, error, io.signal)
    },
  )
}

/** Everything that would carry no traffic counts: a down server with all the weight answers 503 to everybody. */
function refuseZero({ place, sides }: Edge, now: Look, weights: Weights): void {
  const all = [...sides.old, ...sides.new]
  const usable = all.filter((name) => (weights[name] ?? 0) > 0 && isUsable(now.stats[name]))
  if (usable.length > 0) return
  const each = all.map((name) => {
    const server = now.stats[name]
    const down = server !== undefined && !isUsable(server)
    return `${name} would have weight ${weights[name] ?? 0}${down ? ` and is ${statusOf(server)}` : ''}`
  })
  throw failure(
    'Rejected',
    `setting weights in ${place} would leave nothing usable: ${each.join(', ')}. Bring a server with weight up first.`,
  )
}

async function confirmSplit(edge: Edge, request: ConfirmRequest<Split>, io: Io): Promise<Confirmation> {
  const { sides } = edge
  const now = await look(edge, request.target, io)
  const counters: SideCounters = { old: requests(now, sides.old), new: requests(now, sides.new) }
  const wanted = weightsFor(request.desired, sides)
  if (wanted === null || raisingFirst(now.weights, wanted).length > 0) {
    return startCounting(
      request.desired,
      counters,
      `weights are ${JSON.stringify(now.weights)}, not as desired`,
    )
  }
  const confirmation = confirmShare({ request, counters, newSharePercent: newShare(wanted, sides) })
  const down = [...sides.old, ...sides.new]
    .map((name) => now.stats[name])
    .filter((server) => !isUsable(server))
  const notes = down.map((server) => `${server?.name} is ${server === undefined ? 'gone' : statusOf(server)}`)
  return { ...confirmation, lines: [...confirmation.lines, ...notes] }
}

/** `UP`, `UP 1/3` (failing checks, still serving) and servers without checks carry traffic; DOWN, MAINT, DRAIN, NOLB do not. */
function isUsable(server: ServerStat | undefined): boolean {
  return server !== undefined && /^(?:UP|no check)/.test(server.status)
}

function statusOf({ status, check }: ServerStat): string {
  return check === null || status.startsWith('UP') ? status : `${status} (${check})`
}

function sessions(stats: Record<string, ServerStat>, names: string[]): number {
  return names.reduce((sum, name) => sum + (stats[name]?.sessions ?? 0), 0)
}

function requests(now: Look, names: string[]): number[] {
  return names.map((name) => now.stats[name]?.requestsTotal ?? 0)
}

function inexpressible({ place, sides }: Edge, desired: Split): string {
  const sizes = `${sides.old.length} old and ${sides.new.length} new servers`
  return `setting old ${desired.old}, new ${desired.new} in ${place}: whole weights of 0 to 256 cannot express it over ${sizes}`
}
