// Proves a split and a mirror by requests that a Prometheus has counted since the first look. No data is no proof: a side without
// a series has been given nothing as far as anybody knows, and a side that is to get nothing is not seen to get none by silence.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { prometheus } from '../../metrics/prometheus/index.ts'
import { fetchOf } from '../../private-http.ts'
import type { Deps } from '../../provider.ts'
import {
  type Counters,
  type SideCounters,
  confirmShare,
  countedSince,
  judgeShare,
  startCounting,
  total,
} from '../counted.ts'
import { type Counted, confirmMirrored, copiesAmong } from '../mirrored.ts'
import { type Look, elsewhereOf } from './look.ts'
import { nameOf } from './backend.ts'
import { mirrorOf } from './mirror.ts'
import { splitOf } from './route.ts'
import type { GatewayApiConfig } from './schema.ts'

/** Requests so far; null: there is no number, and why. */
type Count = { count: number } | { count: null; why: string }

export type Counter = (query: string, io: Io) => Promise<Count>

export interface Proof {
  config: GatewayApiConfig
  here: Look
  request: ConfirmRequest
  counter: Counter
}

/** Of the Prometheus that the connection names. */
export function counterOf({ counts: { from } }: GatewayApiConfig, deps: Deps): Counter {
  const port = prometheus.connect(from, { ...deps, fetch: fetchOf(from, deps) })
  return async (query, io) => {
    const measured = await port.query(query, io)
    if (measured.kind === 'none') return { count: null, why: measured.why }
    if (measured.value >= 0) return { count: measured.value }
    throw failure('Config', `${query} gives ${measured.value}: a count of requests is never below 0`)
  }
}

export async function confirmSplit(proof: Proof, io: Io): Promise<Confirmation> {
  const { config, here, request } = proof
  const { counters, silent } = await countersOf(proof, io)
  const behind = notYet(proof)
  if (behind !== null) return startCounting(request.desired, counters, behind)
  const desired = request.desired as Split
  const newSharePercent = (desired.new / (desired.old + desired.new)) * 100
  const shadowOf = shadowOfSide(config)
  const counted = countedSince(request, counters)
  const percent = mirrorOf(here.rules).value.percent
  const copies = counted === null ? null : copiesAmong(sums(counted), { percent, shadowOf })
  if (counted === null || copies === null)
    return unlessSilent(confirmShare({ request, counters, newSharePercent }), silent)
  // Counts that hold copies say nothing of single requests: a side at 0 % cannot be seen to get none.
  const { old, new: fresh } = sums(counted)
  const served = { old: old - copies.old, new: fresh - copies.new }
  return unlessSilent(judgeShare(request, served, newSharePercent), silent)
}

export async function confirmMirror(proof: Proof, io: Io): Promise<Confirmation> {
  const { config, here, request } = proof
  const { counters, silent } = await countersOf(proof, io)
  const behind = notYet(proof)
  if (behind !== null) return startCounting(request.desired, counters, behind)
  const counted = countedSince<Counters>(request, counters)
  if (counted === null) return startCounting(request.desired, counters)
  const split = splitOf(here.rules, config).value
  const confirmation = confirmMirrored(request, {
    counted: sums(counted),
    split,
    shadowOf: shadowOfSide(config),
  })
  return unlessSilent(confirmation, silent)
}

/** Nothing is counted before the controllers have read the change: what comes until then belongs to what was there before. */
function notYet({ config, here, request: { desired } }: Proof): string | null {
  const { reading, said, value, route } = here
  if (!matches(said, desired)) return `the route says ${JSON.stringify(said)}, not as desired`
  const [elsewhere] = elsewhereOf(here, config)
  if (elsewhere !== undefined) return `${elsewhere.place} says ${JSON.stringify(elsewhere.value)}`
  const { generation = 0 } = route.metadata
  if (reading.upTo !== null && reading.upTo < generation)
    return `its controllers have read generation ${reading.upTo} of ${generation}`
  if (reading.refusals.length > 0) return reading.refusals.map(({ words }) => words).join('; ')
  return matches(value, desired) ? null : `its controllers have read ${JSON.stringify(value)}`
}

async function countersOf(
  { config, counter, request }: Proof,
  io: Io,
): Promise<{ counters: SideCounters & Counters; silent: string[] }> {
  const { old, new: fresh, shadow } = config.counts
  const queries = {
    old,
    new: fresh,
    ...(request.target === 'mirror' && shadow !== undefined ? { shadow } : {}),
  }
  const entries = await Promise.all(
    Object.entries(queries).map(async ([side, query]) => ({ side, counted: await counter(query, io) })),
  )
  const numbers = Object.fromEntries(entries.map(({ side, counted }) => [side, [counted.count ?? 0]]))
  const silent = entries.flatMap(({ side, counted }) =>
    counted.count === null
      ? [`no count of the ${side === 'shadow' ? 'shadow' : `${side} side`}: ${counted.why}`]
      : [],
  )
  return { counters: numbers as SideCounters & Counters, silent }
}

function unlessSilent(confirmation: Confirmation, silent: string[]): Confirmation {
  if (silent.length === 0) return confirmation
  return { ...confirmation, settled: false, lines: [...confirmation.lines, ...silent] }
}

function sums(counters: Counters): Counted {
  const sum = (of: string): number => total(counters[of] ?? [])
  return { old: sum('old'), new: sum('new'), shadow: sum('shadow') }
}

function shadowOfSide({ old, new: fresh, shadow }: GatewayApiConfig) {
  if (shadow === undefined) return 'itself'
  return nameOf(shadow) === nameOf(fresh) ? 'new' : nameOf(shadow) === nameOf(old) ? 'old' : 'itself'
}
