// The proof of a split by counting: which share of the requests since the first look went to the new side.
// Pure arithmetic over counters that only grow; where they come from is each provider's business.
import { type Json, type JsonObject, sameJson } from '../../workflows/json.ts'
import type { Confirmation, ConfirmRequest } from '../../workflows/ports/target.ts'

/** Requests so far, one counter per server or cluster of each side, in an order that does not change. */
export type Counters = { old: number[]; new: number[] }

export interface Count {
  request: ConfirmRequest
  counters: Counters
  /** Share of the new side that is wanted, in percent. */
  newSharePercent: number
}

/** Counts from the first look on; starts again when the wish changed or a counter went back (a reload, a restart). */
export function confirmShare({ request, counters, newSharePercent }: Count): Confirmation {
  const first = firstCounters(request, counters)
  if (first === null) return startCounting(request.desired, counters)
  const before = request.memory as JsonObject
  const counted = { old: total(counters.old) - total(first.old), new: total(counters.new) - total(first.new) }
  const all = counted.old + counted.new
  const { samples, tolerance } = demands(request.options)
  if (all === 0) {
    return { settled: samples === 0, lines: [`no request counted yet, ${samples} needed`], memory: before }
  }
  const share = (counted.new / all) * 100
  const off = Math.abs(share - newSharePercent)
  return {
    settled: all >= samples && off <= tolerance,
    lines: [
      shareLine('old', { share: 100 - share, all, wanted: 100 - newSharePercent, tolerance }),
      shareLine('new', { share, all, wanted: newSharePercent, tolerance }),
      ...(all < samples ? [`${number(all)} of ${number(samples)} requests needed`] : []),
    ],
    memory: before,
  }
}

/** Nothing is proven yet: these are the counters the next look starts from. */
export function startCounting(desired: Json, counters: Counters, why?: string): Confirmation {
  const now = total(counters.old) + total(counters.new)
  const lines = [`counting starts at ${number(now)} requests`]
  return {
    settled: false,
    lines: why === undefined ? lines : [why, ...lines],
    memory: { desired, old: counters.old, new: counters.new },
  }
}

/** `samples` and `tolerance` of the step; without them any request at all proves, within two points. */
export function demands(options: JsonObject): { samples: number; tolerance: number } {
  const { samples, tolerance } = options
  return {
    samples: typeof samples === 'number' ? samples : 1,
    tolerance: typeof tolerance === 'number' ? tolerance : TOLERANCE_POINTS,
  }
}

const TOLERANCE_POINTS = 2 // a fair random split of 1,000 requests is off by more than 2.7 points once in twenty

function firstCounters(request: ConfirmRequest, now: Counters): Counters | null {
  const memory = request.memory
  if (memory === undefined || !sameJson(memory.desired ?? null, request.desired)) return null
  const first = { old: numbers(memory.old), new: numbers(memory.new) }
  return grew(first.old, now.old) && grew(first.new, now.new) ? first : null
}

function grew(first: number[], now: number[]): boolean {
  return first.length === now.length && first.every((count, index) => count <= (now[index] ?? -1))
}

function numbers(value: Json | undefined): number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : []
}

function total(counts: number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

function shareLine(
  side: string,
  of: { share: number; all: number; wanted: number; tolerance: number },
): string {
  const wanted = `wanted ${number(of.wanted)} % within ${number(of.tolerance)} points`
  return `${side} ${of.share.toFixed(1)} % of ${number(of.all)} requests, ${wanted}`
}

/** 1024 -> `1,024`; at most two decimals. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
