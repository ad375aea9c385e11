// The proof of a split by counting: which share of the requests since the first look went to the new side.
// Pure arithmetic over counters that only grow; where they come from is each provider's business.
// A share is proven by requests that came, never by requests that did not: no tolerance covers the whole of it.
import { type Json, type JsonObject, sameJson } from '../../workflows/json.ts'
import type { Confirmation, ConfirmRequest } from '../../workflows/ports/target.ts'
import { allowedPoints, moreNeeded, needed, number } from './demands.ts'

/** Requests so far: per side (or shadow) one counter for each server or cluster, in an order that does not change. */
export type Counters = Record<string, number[]>
export type SideCounters = { old: number[]; new: number[] }

export interface Count {
  request: ConfirmRequest
  counters: SideCounters
  /** Share of the new side that is wanted, in percent. */
  newSharePercent: number
  /** Per counter the server's name, and whether it is to serve by itself; left out where a side is one thing. */
  servers?: { old: Server[]; new: Server[] }
}

export interface Server {
  name: string
  /** It has a weight, and nobody has taken it out: it must have been given a request. */
  serves: boolean
}

/** Counts from the first look on; starts again when the wish changed or a counter went back (a reload, a restart). */
export function confirmShare({ request, counters, newSharePercent, servers }: Count): Confirmation {
  const counted = countedSince(request, counters)
  if (counted === null) return startCounting(request.desired, counters)
  const sides = { old: total(counted.old), new: total(counted.new) }
  const stray = strayOf(sides, newSharePercent)
  // What was under way at the first look may still be counted once; what goes on coming is never forgiven.
  if (stray !== null) return startCounting(request.desired, counters, stray)
  const judged = judgeShare(request, sides, newSharePercent)
  const idle = idleAmong(counted, servers)
  return { ...judged, settled: judged.settled && idle.length === 0, lines: [...judged.lines, ...idle] }
}

/** Requests per counter since the first look; null when counting must start (again). */
export function countedSince<C extends Counters>(request: ConfirmRequest, now: C): C | null {
  const memory = request.memory
  if (memory === undefined || !sameJson(memory.desired ?? null, request.desired)) return null
  const counted: Counters = {}
  for (const [side, counts] of Object.entries(now)) {
    const first = numbers(memory[side])
    if (!grew(first, counts)) return null
    counted[side] = counts.map((count, index) => count - (first[index] ?? 0))
  }
  return counted as C
}

/** Whether the counted shares are as wanted, over enough requests. Of a side at 0 % see `confirmShare`. */
export function judgeShare(
  request: ConfirmRequest,
  counted: { old: number; new: number },
  newSharePercent: number,
): Confirmation {
  const memory = request.memory ?? {}
  const all = counted.old + counted.new
  const wanted = { old: 100 - newSharePercent, new: newSharePercent }
  const smaller = Math.min(wanted.old, wanted.new)
  const samples = needed(request.options, smaller === 0 ? 100 : smaller)
  if (all < 1) return { settled: false, lines: [`no request counted yet, ${number(samples)} needed`], memory }
  const tolerance = allowedPoints(request.options, smaller === 0 ? 100 : smaller)
  const share = (counted.new / all) * 100
  const isServed = (side: 'old' | 'new'): boolean => wanted[side] === 0 || counted[side] >= 1
  return {
    settled:
      all >= samples && isServed('old') && isServed('new') && Math.abs(share - wanted.new) <= tolerance,
    lines: [
      shareLine('old', { share: 100 - share, all, wanted: wanted.old, tolerance }),
      shareLine('new', { share, all, wanted: wanted.new, tolerance }),
      ...(all < samples ? [moreNeeded(all, samples)] : []),
    ],
    memory,
  }
}

/** Nothing is proven yet: these are the counters the next look starts from. */
export function startCounting(desired: Json, counters: Counters, why?: string): Confirmation {
  const now = Object.values(counters).reduce((sum, counts) => sum + total(counts), 0)
  const lines = [`counting starts at ${number(now)} requests`]
  return {
    settled: false,
    lines: why === undefined ? lines : [why, ...lines],
    memory: { desired, ...counters } satisfies JsonObject,
  }
}

export function total(counts: number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

function strayOf(counted: { old: number; new: number }, newSharePercent: number): string | null {
  const side = newSharePercent === 0 ? 'new' : newSharePercent === 100 ? 'old' : null
  if (side === null || counted[side] < 1) return null
  const all = counted.old + counted.new
  return `${side} was given ${number(counted[side])} of ${number(all)} requests although its share is 0 %`
}

/** One line for each server that is to serve and was given nothing. */
function idleAmong(counted: SideCounters, servers: Count['servers']): string[] {
  if (servers === undefined) return []
  return (['old', 'new'] as const).flatMap((side) =>
    servers[side]
      .filter(({ serves }, index) => serves && (counted[side][index] ?? 0) < 1)
      .map(({ name }) => `${name} has a weight and was given no request`),
  )
}

function grew(first: number[], now: number[]): boolean {
  return first.length === now.length && first.every((count, index) => count <= (now[index] ?? -1))
}

function numbers(value: Json | undefined): number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : []
}

function shareLine(
  side: string,
  of: { share: number; all: number; wanted: number; tolerance: number },
): string {
  const wanted = `wanted ${number(of.wanted)} % within ${number(of.tolerance)} points`
  return `${side} ${of.share.toFixed(1)} % of ${number(of.all)} requests, ${wanted}`
}
