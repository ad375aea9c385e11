// Shares requests between upstreams of one reverse proxy handler of Caddy, by its admin API, with the ETag of the whole handler as
// condition: weights stand in a list, and whose they are is said by another one.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io, Write } from '../../../workflows/ports/target.ts'
import type { InFlight, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { confirmShare, startCounting } from '../counted.ts'
import { countLog } from '../counted-log.ts'
import { fileFailure } from '../file-failure.ts'
import { changedSince } from '../versions.ts'
import { type Edge, inFlight, mayReplace, replaceWeights } from './client.ts'
import { type Look, cautionsBeside, look, observed } from './look.ts'
import { type CaddyConfig, spec } from './schema.ts'
import { type Weights, sizesOf, sum, weightsFor } from './weights.ts'

const TRIES_MAX = 3 // somebody who changes the handler beside its weights at the same moment is let through
const UPSTREAM = /"upstream":"([^"]*)"/

export const caddy = defineProvider({
  spec,
  connect: (config, deps) => {
    const edge: Edge = { config, fetch: deps.fetch }
    return {
      observe: async (target, io, wanted = []) => {
        const here = await look(edge, target, io)
        for (const desired of wanted) weightsOrRefuse(config, here, { desired: desired as Split })
        const seen = await observed(edge, here, io)
        if (wanted.length === 0) return seen
        const cautions = [...here.cautions, ...(await cautionsBeside(edge, here, io))]
        return cautions.length === 0 ? seen : { ...seen, cautions }
      },
      write: (write, io) => writeSplit(edge, write as Write<Split>, io),
      inFlight: (side, io) => inFlightOf(edge, side, io),
      confirm: (request, io) => confirmSplit(edge, request as ConfirmRequest<Split>, io),
      permits: (target, io) => permitted(edge, target, io),
    }
  },
})

async function writeSplit(edge: Edge, write: Write<Split>, io: Io): Promise<void> {
  const { config } = edge
  const { desired, seen } = write
  const doing = doingWords(config, desired)
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    const here = await look(edge, write.target, io)
    const weights = weightsOrRefuse(config, here, write)
    if (matches(here.value, desired)) return
    if (seen.version !== undefined && changedSince(seen.version, here.version).own) {
      throw failure(
        'Conflict',
        `${doing}: it was changed by someone else since; found ${JSON.stringify(here.value)}`,
        {
          details: { found: here.value, writer: null },
        },
      )
    }
    const list = here.dials.map((dial) => weights[dial] ?? 0)
    if (await replaceWeights(edge, { weights: list, etag: here.etag, doing }, io.signal)) return
  }
  throw failure('Unavailable', `${doing}: the handler is changed by someone else again and again`)
}

function doingWords({ admin, handler }: CaddyConfig, { old, new: fresh }: Split): string {
  return `setting old ${old}, new ${fresh} in ${handler} of Caddy at ${admin}`
}

/** Sizes within a side are those of the first `before`: a weight of 0 forgets them. */
function weightsOrRefuse(
  config: CaddyConfig,
  here: Look,
  { desired, before }: Pick<Write<Split>, 'desired' | 'before'>,
): Weights {
  const sizes = sizesOf(here.sides, [before?.members ?? {}, here.weights])
  const weights = weightsFor(desired, here.sides, sizes)
  const doing = doingWords(config, desired)
  if (typeof weights === 'string') throw failure('Rejected', `${doing}: ${weights}`)
  if (sum(weights, here.dials) > 0) return weights
  throw failure('Rejected', `${doing}: weights 0 would leave no upstream to send requests to`)
}

async function confirmSplit(edge: Edge, request: ConfirmRequest<Split>, io: Io): Promise<Confirmation> {
  const { config } = edge
  const here = await look(edge, request.target, io)
  const kept = request.memory?.['log']
  const log = await countLog(config.log, { kept, nameOf: upstreamIn }, io.signal).catch((error: unknown) => {
    throw fileFailure(`counting requests in ${config.log}`, error, io.signal)
  })
  const counters = {
    old: here.sides.old.map((dial) => log.counts[loggedAs(dial)] ?? 0),
    new: here.sides.new.map((dial) => log.counts[loggedAs(dial)] ?? 0),
  }
  const why = whyAnew(here, request, log)
  const confirmation =
    why === null
      ? confirmShare({ request, counters, newSharePercent: newShare(here), servers: serversOf(here) })
      : startCounting(request.desired, counters, why)
  return { ...confirmation, memory: { ...confirmation.memory, log: log.cursor } }
}

function upstreamIn(line: string): string | null {
  return UPSTREAM.exec(line)?.[1] ?? null
}

/** `{http.reverse_proxy.upstream.hostport}` leaves out the network (2.11, verified 2026-11-28). */
function loggedAs(dial: string): string {
  return dial.replace(/^tcp[46]?\//, '')
}

/** Why nothing that was counted up to now proves anything; null: it does. */
function whyAnew(
  here: Look,
  request: ConfirmRequest<Split>,
  log: { isNew: boolean; isBehind: boolean },
): string | null {
  if (!matches(here.value, request.desired))
    return `Caddy serves ${JSON.stringify(here.value)}, not as desired`
  if (log.isBehind) return 'the log has grown by more than one look reads'
  return log.isNew && request.memory !== undefined ? 'the log is another file than before' : null
}

function newShare({ weights, sides }: Look): number {
  const fresh = sum(weights, sides.new)
  return (fresh / (fresh + sum(weights, sides.old))) * 100
}

function serversOf({ weights, sides }: Look) {
  const of = (side: string[]) => side.map((name) => ({ name, serves: (weights[name] ?? 0) > 0 }))
  return { old: of(sides.old), new: of(sides.new) }
}

/** Requests and tunnels that an upstream has not finished, also those that began before the last change. */
async function inFlightOf(edge: Edge, side: 'old' | 'new', io: Io): Promise<InFlight> {
  const { sides } = await look(edge, 'split', io)
  const counts = await inFlight(edge, io.signal)
  const each = sides[side].map((dial) => [dial, countOf(dial, counts, edge.config)] as const)
  return {
    count: each.reduce((all, [, count]) => all + count, 0),
    lines: each.map(([dial, count]) => `${dial} ${count}`),
  }
}

/** An upstream that Caddy does not list has not been counted. */
function countOf(dial: string, counts: { [dial: string]: number }, { admin }: CaddyConfig): number {
  const count = counts[dial]
  if (count !== undefined) return count
  const there = Object.keys(counts).join(', ') || 'none'
  throw failure(
    'Missing',
    `counting requests in flight: Caddy at ${admin} counts none of upstream ${dial}; it counts those of ${there}`,
  )
}

async function permitted(edge: Edge, target: string, io: Io): Promise<string> {
  const { config } = edge
  const { etag } = await look(edge, target, io)
  const doing = `trying a change of ${config.handler} of Caddy at ${config.admin} under a condition that is never met`
  await mayReplace(edge, { etag, doing }, io.signal)
  await access(config.log, constants.R_OK).catch((error: unknown) => {
    throw fileFailure(`reading ${config.log}`, error, io.signal)
  })
  return `${config.handler} may be changed (a change under a condition that is never met was answered 412); ${config.log} may be read`
}
