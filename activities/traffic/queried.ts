// The proof of a split and a mirror by requests that were counted since the first look, wherever they were counted. No data is no
// proof: a side that is not counted has been given nothing as far as anybody knows, and is not seen to get none by silence.
import type { Confirmation, ConfirmRequest, Io } from '../../workflows/ports/target.ts'
import type { Split } from '../../workflows/ports/traffic.ts'
import { failure } from '../failure.ts'
import { prometheus } from '../metrics/prometheus/index.ts'
import type { PrometheusConfig } from '../metrics/prometheus/schema.ts'
import { fetchOf } from '../private-http.ts'
import type { Deps } from '../provider.ts'
import {
  type Counters,
  type SideCounters,
  confirmShare,
  countedSince,
  judgeShare,
  startCounting,
  total,
} from './counted.ts'
import { type Counted, type ShadowOf, confirmMirrored, copiesAmong } from './mirrored.ts'
import { isUncounted, provenWithout } from './promotable.ts'

/** PromQL for each side. */
export interface Queries {
  from: PrometheusConfig
  old: string
  new: string
  shadow?: string | undefined
}

/** Requests so far; null: there is no number, and why. */
type Count = { count: number } | { count: null; why: string }

export type Counter = (query: string, io: Io) => Promise<Count>

export interface Tally {
  counters: SideCounters & Counters
  /** What could not be counted, in words. */
  silent: string[]
  /** Who could not be asked now, in words: what was counted so far is kept, and judged when they answer. */
  unheard?: string[]
}

export interface Proof {
  request: ConfirmRequest
  tally: Tally
  /** Why what comes now belongs to what was there before; null: the change is taken up as far as can be seen. */
  behind: string | null
  split: Split
  /** Of the mirror, now. */
  percent: number
  shadowOf: ShadowOf
  /** Requests of others are counted with ours: then single ones say nothing. */
  isShared?: boolean
}

/** Of the Prometheus that the connection names. */
export function counterOf({ from }: Queries, deps: Deps): Counter {
  const port = prometheus.connect(from, { ...deps, fetch: fetchOf(from, deps) })
  return async (query, io) => {
    const measured = await port.query(query, io)
    if (measured.kind === 'none') return { count: null, why: measured.why }
    if (measured.value >= 0) return { count: measured.value }
    throw failure('Config', `${query} gives ${measured.value}: a count of requests is never below 0`)
  }
}

export async function queried(
  { old, new: fresh, shadow }: Queries,
  { counter, target }: { counter: Counter; target: string },
  io: Io,
): Promise<Tally> {
  const queries = { old, new: fresh, ...(target === 'mirror' && shadow !== undefined ? { shadow } : {}) }
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

/** Of an edge that sends no copies. */
export async function confirmSplit(
  {
    queries,
    counter,
    ...proof
  }: Pick<Proof, 'request' | 'behind' | 'split'> & { queries: Queries; counter: Counter },
  io: Io,
): Promise<Confirmation> {
  if (isUncounted(proof.request)) return provenWithout(proof.behind)
  const tally = await queried(queries, { counter, target: proof.request.target }, io)
  return proveSplit({ ...proof, tally, percent: 0, shadowOf: 'itself' })
}

export function proveSplit(proof: Proof): Confirmation {
  const { request, tally, behind, percent, shadowOf, isShared = false } = proof
  const { counters, silent, unheard = [] } = tally
  if (behind !== null) return startCounting(request.desired, counters, behind)
  if (unheard.length > 0) return notHeard(request, unheard)
  const desired = request.desired as Split
  const newSharePercent = (desired.new / (desired.old + desired.new)) * 100
  const counted = countedSince(request, counters)
  const copies = counted === null ? null : copiesAmong(sums(counted), { percent, shadowOf })
  if (counted === null || (copies === null && !isShared))
    return unlessSilent(confirmShare({ request, counters, newSharePercent }), silent)
  // Counts that hold copies say nothing of single requests: a side at 0 % cannot be seen to get none.
  const { old, new: fresh } = sums(counted)
  const served = { old: old - (copies?.old ?? 0), new: fresh - (copies?.new ?? 0) }
  return unlessSilent(judgeShare(request, served, newSharePercent), silent)
}

export function proveMirror({ request, tally, behind, split, shadowOf }: Proof): Confirmation {
  const { counters, silent, unheard = [] } = tally
  if (behind !== null) return startCounting(request.desired, counters, behind)
  if (unheard.length > 0) return notHeard(request, unheard)
  const counted = countedSince<Counters>(request, counters)
  if (counted === null) return startCounting(request.desired, counters)
  return unlessSilent(confirmMirrored(request, { counted: sums(counted), split, shadowOf }), silent)
}

function notHeard({ memory }: ConfirmRequest, lines: string[]): Confirmation {
  return { settled: false, lines, ...(memory === undefined ? {} : { memory }) }
}

function unlessSilent(confirmation: Confirmation, silent: string[]): Confirmation {
  if (silent.length === 0) return confirmation
  return { ...confirmation, settled: false, lines: [...confirmation.lines, ...silent] }
}

function sums(counters: Counters): Counted {
  const sum = (of: string): number => total(counters[of] ?? [])
  return { old: sum('old'), new: sum('new'), shadow: sum('shadow') }
}
