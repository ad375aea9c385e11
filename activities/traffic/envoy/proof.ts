// Proves a split and a mirror by the requests Envoy counted per cluster since the first look. Mirrored requests are
// counted too, in the shadow's cluster; where that is the new side's cluster they are told apart by arithmetic.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import {
  type Counters,
  type SideCounters,
  countedSince,
  demands,
  judgeShare,
  moreNeeded,
  number,
  startCounting,
} from '../counted.ts'
import { requestsPerCluster } from './client.ts'
import { type Edge, type Look, adminOf } from './look.ts'
import { readMirror, readSplit } from './routes.ts'

export interface Proof {
  edge: Edge
  here: Look
  request: ConfirmRequest
}

export async function confirmSplit(proof: Proof, io: Io): Promise<Confirmation> {
  const { request } = proof
  const { counted, started } = await count(proof, io)
  if (counted === null) return started
  const copies = copiesAmong(proof, counted)
  const desired = request.desired as Split
  const wanted = (desired.new / (desired.old + desired.new)) * 100
  const sides = { old: (counted.old ?? 0) - copies.old, new: (counted.new ?? 0) - copies.new }
  return withNotes(judgeShare(request, sides, wanted), proof)
}

export async function confirmMirror(proof: Proof, io: Io): Promise<Confirmation> {
  const { request } = proof
  const { counted, started } = await count(proof, io)
  if (counted === null) return started
  const told = servedAndMirrored(proof, counted)
  if (told === null) {
    const why = 'copies cannot be told from served requests: all traffic goes to the shadow cluster itself'
    return { settled: false, lines: [why], memory: request.memory ?? {} }
  }
  return withNotes(judgeMirror(request, told), proof)
}

function judgeMirror(request: ConfirmRequest, { served, mirrored }: Told): Confirmation {
  const { samples, tolerance } = demands(request.options)
  const memory = request.memory ?? {}
  if (served <= 0)
    return { settled: samples === 0, lines: [`no request counted yet, ${samples} needed`], memory }
  const { percent } = request.desired as Mirror
  const share = (mirrored / served) * 100
  const counted = `mirrored ${share.toFixed(1)} % of ${number(served)} requests`
  return {
    settled: served >= samples && Math.abs(share - percent) <= tolerance,
    lines: [
      `${counted}, wanted ${number(percent)} % within ${number(tolerance)} points`,
      ...(served < samples ? [moreNeeded(served, samples)] : []),
    ],
    memory,
  }
}

type Told = { served: number; mirrored: number }

/** null when the shadow is a side's own cluster and gets everything anyway: then nothing tells copies from requests. */
function servedAndMirrored({ edge, here }: Proof, counted: Record<string, number>): Told | null {
  const { config } = edge
  const [old, fresh, shadow] = [counted.old ?? 0, counted.new ?? 0, counted.shadow ?? 0]
  if (config.shadow !== config.new && config.shadow !== config.old)
    return { served: old + fresh, mirrored: shadow }
  // Only the other side's cluster counts served requests alone; its weight tells how many there were in all.
  const split = readSplit(here.route.action, config)
  const pure =
    config.shadow === config.new ? { count: old, weight: split.old } : { count: fresh, weight: split.new }
  if (pure.weight === 0) return null
  const served = Math.round((pure.count * (split.old + split.new)) / pure.weight)
  return { served, mirrored: old + fresh - served }
}

/** Copies counted in a side's own cluster: every served request is copied with the mirror's share. */
function copiesAmong({ edge, here }: Proof, counted: Record<string, number>): { old: number; new: number } {
  const { config } = edge
  const none = { old: 0, new: 0 }
  if (config.shadow === undefined) return none
  const { percent } = readMirror(here.route.action, config.shadow)
  const all = (counted.old ?? 0) + (counted.new ?? 0)
  const copies = all - all / (1 + percent / 100)
  if (config.shadow === config.new) return { ...none, new: copies }
  return config.shadow === config.old ? { ...none, old: copies } : none
}

type Counting = { counted: Record<string, number>; started: null } | { counted: null; started: Confirmation }

/** Requests since the first look at what is desired; `started` when that was this look. */
async function count({ edge, here, request }: Proof, io: Io): Promise<Counting> {
  const counters = await countersOf(edge, io)
  const { desired } = request
  if (!matches(here.value, desired)) {
    const why = `Envoy serves ${JSON.stringify(here.value)}, not as desired`
    return { counted: null, started: startCounting(desired, counters, why) }
  }
  const counted = countedSince(request, counters)
  return counted === null
    ? { counted, started: startCounting(desired, counters) }
    : { counted, started: null }
}

async function countersOf(edge: Edge, io: Io): Promise<SideCounters & Counters> {
  const { old, new: fresh, shadow } = edge.config
  const names = [...new Set([old, fresh, ...(shadow === undefined ? [] : [shadow])])]
  const counts = await requestsPerCluster(adminOf(edge, io), names)
  const sides = { old: [counts[old] ?? 0], new: [counts[fresh] ?? 0] }
  return shadow === undefined ? sides : { ...sides, shadow: [counts[shadow] ?? 0] }
}

function withNotes(confirmation: Confirmation, { here }: Proof): Confirmation {
  if (here.route.sharing.length === 0) return confirmation
  const note = `counted with other routes to the same clusters: ${here.route.sharing.join('; ')}`
  return { ...confirmation, lines: [...confirmation.lines, note] }
}
