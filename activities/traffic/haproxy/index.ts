// Shares requests between servers of one HAProxy backend by run-time weights, all of them set in one command.
// Never lowers before it raises: the other order answered 503 to one request in nine (measured on 2.6).
import { sameJson } from '../../../workflows/json.ts'
import type { ConfirmRequest, Io, Write } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { isTakenOut, isUsable, statusOf } from './cautions.ts'
import { setWeights } from './client.ts'
import { confirmCohort, observeCohort, writeCohort } from './cohort.ts'
import { permitted } from './permission.ts'
import { type Edge, type Look, inFlightOf, lostByReload, reloadOf, look, observed, statesOf } from './look.ts'
import { confirmSplit } from './proof.ts'
import { fileRefused, refused } from './refusals.ts'
import { servers, spec } from './schema.ts'
import { strayOn } from './shared.ts'
import { keepInStep } from './state-file.ts'
import { type Weights, shareErrorMax } from './servers.ts'
import { raisingFirst, sizesOf, splitOf, weightsFor } from './weights.ts'

export const haproxy = defineProvider({
  spec,
  connect: (config, deps) => {
    const sides = { old: servers(config.old), new: servers(config.new) }
    const { fetch } = deps
    const edge: Edge = { config, fetch, sides, place: `backend ${config.backend} at ${config.socket}` }
    return {
      observe: async (target, io, wanted = []) => {
        if (target === COHORT) return await observeCohort(edge, io, wanted as Cohort[])
        const now = await look(edge, target, io)
        for (const desired of wanted)
          refuseNothing(edge, weightsOrRefuse(edge, now, { desired: desired as Split }))
        const seen = observed(now, edge)
        if (wanted.length === 0) return seen
        const reload = now.file === null ? [await lostByReload(edge, now.cli, io)] : []
        const cautions = [...(seen.cautions ?? []), ...reload, ...(await strayOn(edge, { own: now.cli }, io))]
        return cautions.length === 0 ? seen : { ...seen, cautions }
      },
      write: (write, io) =>
        write.target === COHORT
          ? writeCohort(edge, write as Write<Cohort>, io)
          : writeSplit(edge, write as Write<Split>, io),
      confirm: (request, io) =>
        request.target === COHORT
          ? confirmCohort(edge, request as ConfirmRequest<Cohort>, io)
          : confirmSplit(edge, request as ConfirmRequest<Split>, io),
      inFlight: async (side, io) => inFlightOf(await look(edge, 'split', io), sides[side]),
      permits: (_target, io) => permitted(config, io),
    }
  },
})

async function writeSplit(edge: Edge, write: Write<Split>, io: Io): Promise<void> {
  const { config, sides, place } = edge
  const now = await look(edge, write.target, io)
  const weights = weightsOrRefuse(edge, now, write)
  const steps = raisingFirst(now.weights, weights)
  if (steps.length > 0) {
    refuseForeign(edge, now, write)
    refuseZero(edge, now, weights)
    const words = steps.map(([server, weight]) => `${server} ${weight}`).join(', ')
    await setWeights(now.cli, { backend: config.backend, weights: steps }, io.signal).catch(
      (error: unknown) => {
        throw refused({ doing: `setting weights ${words} in ${place}`, writes: true }, error, io.signal)
      },
    )
  }
  if (now.file === null || reloadOf({ ...now, weights }, sides) === null) return
  const states = await statesOf(edge, now.cli, io)
  await keepInStep(now.file.of, states, io.signal).catch((error: unknown) => {
    throw fileRefused(`${place} has its weights, but saving them in ${now.file?.of.path}`, error, io.signal)
  })
}

/**
 * Sizes within a side are those of the first `before`, which the write brings along: a run-time weight of 0 forgets them, and
 * rounded weights of an earlier share would round them again. Without it those in force count, then those of the configuration.
 */
function weightsOrRefuse(
  { place, sides }: Edge,
  now: Look,
  { desired, before }: Pick<Write<Split>, 'desired' | 'before'>,
): Weights {
  const sizes = sizesOf(sides, [before === undefined ? now.weights : (before.members ?? {}), now.initial])
  const weights = weightsFor(desired, sides, sizes)
  if (weights !== null) return weights
  const limits = `within ${number(shareErrorMax(desired))} points of the share and a tenth of each size`
  const named = Object.entries(sizes).map(([name, size]) => `${name} ${size}`)
  const isEven = new Set(Object.values(sizes)).size <= 1
  throw failure(
    'Rejected',
    `setting old ${desired.old}, new ${desired.new} in ${place}: whole weights of 0 to 256 cannot express it over ${sides.old.length} old and ${sides.new.length} new servers${isEven ? '' : ` of sizes ${named.join(', ')}, ${limits}`}`,
  )
}

function refuseForeign({ place, sides }: Edge, now: Look, { seen }: Write<Split>): void {
  const found = splitOf(now.weights, sides)
  if (sameJson(found, seen.value)) return
  throw failure(
    'Conflict',
    `${place} was changed by someone else: expected ${JSON.stringify(seen.value)}, found ${JSON.stringify(found)}`,
    { details: { found, writer: null } },
  )
}

/** Told by a plan; a write looks at what is usable too. */
function refuseNothing({ place }: Edge, weights: Weights): void {
  if (Object.values(weights).some((weight) => weight > 0)) return
  const words = Object.entries(weights).map(([server, weight]) => `${server} ${weight}`)
  throw failure('Rejected', `setting weights ${words.join(', ')} in ${place}: nobody would be served`)
}

/**
 * Everything that would carry no traffic counts: a down server with all the weight answers 503 to everybody. A server whose
 * check fails may be back in a second, so that refusal passes; one that a person took out stays out.
 */
function refuseZero({ place, sides }: Edge, now: Look, weights: Weights): void {
  const all = [...sides.old, ...sides.new]
  const weighted = all.filter((name) => (weights[name] ?? 0) > 0)
  if (weighted.some((name) => isUsable(now.stats[name]))) return
  const each = all.map((name) => {
    const server = now.stats[name]
    const down = server !== undefined && !isUsable(server)
    return `${name} would have weight ${weights[name] ?? 0}${down ? ` and is ${statusOf(server)}` : ''}`
  })
  const passes = weighted.some((name) => !isTakenOut(now.stats[name]))
  throw failure(
    passes ? 'Unavailable' : 'Rejected',
    `setting weights in ${place} would leave nothing usable: ${each.join(', ')}. ${
      passes ? 'Tried again, for a check may be good in a moment' : 'Bring a server with weight up first'
    }.`,
  )
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
