// Proves a split and a mirror by the requests Envoy counted per cluster since the first look. Mirrored requests are
// counted too, in the shadow's cluster; where that is the new side's cluster they are told apart by arithmetic.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import { placeWords } from '../../../workflows/ports/as-wanted.ts'
import type { Cohort, Split } from '../../../workflows/ports/traffic.ts'
import {
  type Counters,
  type SideCounters,
  confirmShare,
  countedSince,
  judgeShare,
  startCounting,
  total,
} from '../counted.ts'
import { type Counted, type ShadowOf, UNTOLD, confirmMirrored, copiesAmong } from '../mirrored.ts'
import { type Endpoint, endpointsOf, requestsPerCluster } from '../../envoy/admin.ts'
import { type Edge, adminOf, countersFor } from './edge.ts'
import { confirmEndpoints } from './endpoints.ts'
import { type Look, strangeOf } from './look.ts'
import { readMirror } from './mirrors.ts'
import { readSplit } from './routes.ts'

export interface Proof {
  edge: Edge
  here: Look
  request: ConfirmRequest
}

export async function confirmSplit(proof: Proof, io: Io): Promise<Confirmation> {
  const { request } = proof
  const [{ counters, counted, started }, endpoints] = await Promise.all([
    count(proof, io),
    endpointsWithShare(proof, io),
  ])
  if (counted === null) return confirmEndpoints(started, endpoints, { isFirst: true })
  const desired = request.desired as Split
  const newSharePercent = (desired.new / (desired.old + desired.new)) * 100
  const copies = copiesIn(proof, counted)
  const isPure = copies === null && proof.here.route.sharing.length === 0
  // Counters that hold requests of others say nothing of single ones: a side at 0 % cannot be seen to get none.
  const confirmation = isPure
    ? confirmShare({ request, counters, newSharePercent })
    : judgeShare(
        request,
        { old: counted.old - (copies?.old ?? 0), new: counted.new - (copies?.new ?? 0) },
        newSharePercent,
      )
  // Counting that has begun anew says so by a memory of its own.
  const isFirst = confirmation.memory?.['endpoints'] === undefined
  return withNotes(confirmEndpoints(confirmation, endpoints, { isFirst }), proof)
}

/** Envoy serves it; whether users are led by it is asked of the edge, by the step. */
export function confirmCohort({ edge, here, request: { desired } }: Proof): Confirmation {
  const { users } = desired as Cohort
  const strange = strangeOf(here, edge.config)
  const isServed = strange === null && matches(here.value, desired)
  const why = strange?.place ?? `Envoy serves ${JSON.stringify(here.value)}`
  const words = `${users.length} members in ${here.route.name}`
  return { settled: isServed, lines: isServed ? [words] : [words, why] }
}

/** Endpoints of the sides that are to get requests. */
async function endpointsWithShare({ edge, request }: Proof, io: Io): Promise<Record<string, Endpoint[]>> {
  const { old, new: fresh } = request.desired as Split
  const { config } = edge
  const names = [...(old > 0 ? [config.old] : []), ...(fresh > 0 ? [config.new] : [])]
  return await endpointsOf(adminOf(edge, io), names)
}

export async function confirmMirror(proof: Proof, io: Io): Promise<Confirmation> {
  const { request } = proof
  const { counted, started } = await count(proof, io)
  if (counted === null) return started
  const { config } = proof.edge
  const split = readSplit(proof.here.route.action, config)
  const confirmation = confirmMirrored(request, { counted, split, shadowOf: shadowOf(config) })
  return confirmation.lines.includes(UNTOLD) ? confirmation : withNotes(confirmation, proof)
}

function copiesIn({ edge: { config }, here }: Proof, counted: Counted): { old: number; new: number } | null {
  const { percent } = readMirror(here.route, config.shadow ?? '')
  return copiesAmong(counted, { percent, shadowOf: shadowOf(config) })
}

function shadowOf({ old, new: fresh, shadow }: Edge['config']): ShadowOf {
  return shadow === fresh ? 'new' : shadow === old ? 'old' : 'itself'
}

type Counting = { counters: SideCounters } & (
  | { counted: Counted; started: null }
  | { counted: null; started: Confirmation }
)

/** Requests since the first look at what is desired; `started` when that was this look. */
async function count({ edge, here, request }: Proof, io: Io): Promise<Counting> {
  const counters = await countersOf(edge, io)
  const { desired } = request
  if (!matches(here.value, desired)) {
    const why = `Envoy serves ${JSON.stringify(here.value)}, not as desired`
    return { counters, counted: null, started: startCounting(desired, counters, why) }
  }
  if (here.overridden !== null) {
    const why = placeWords(here.overridden, JSON.stringify(here.overridden.value))
    return { counters, counted: null, started: startCounting(desired, counters, why) }
  }
  const counted: Counters | null = countedSince(request, counters)
  if (counted === null) return { counters, counted, started: startCounting(desired, counters) }
  const sum = (of: string): number => total(counted[of] ?? [])
  return { counters, counted: { old: sum('old'), new: sum('new'), shadow: sum('shadow') }, started: null }
}

async function countersOf(edge: Edge, io: Io): Promise<SideCounters & Counters> {
  const { old, new: fresh, shadow } = edge.config
  const names = [...new Set([old, fresh, ...(shadow === undefined ? [] : [shadow])])]
  const counters = await countersFor(
    edge,
    names.map((name) => [name]),
    io,
  )
  const counted = await requestsPerCluster(adminOf(edge, io), Object.values(counters))
  const counts = Object.fromEntries(names.map((name) => [name, counted[counters[name] ?? name]]))
  const sides = { old: [counts[old] ?? 0], new: [counts[fresh] ?? 0] }
  return shadow === undefined ? sides : { ...sides, shadow: [counts[shadow] ?? 0] }
}

function withNotes(confirmation: Confirmation, { here }: Proof): Confirmation {
  if (here.route.sharing.length === 0) return confirmation
  const note = `counted with other routes to the same clusters: ${here.route.sharing.join('; ')}`
  return { ...confirmation, lines: [...confirmation.lines, note] }
}
