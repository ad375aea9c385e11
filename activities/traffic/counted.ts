// The proof of a split by counting: which share of the requests since the first look went to the new side.
// Pure arithmetic over counters that only grow; where they come from is each provider's business.
import { type Json, type JsonObject, sameJson } from '../../workflows/json.ts'
import type { Confirmation, ConfirmRequest } from '../../workflows/ports/target.ts'

/** Requests so far: per side (or shadow) one counter for each server or cluster, in an order that does not change. */
export type Counters = Record<string, number[]>
export type SideCounters = { old: number[]; new: number[] }

export interface Count {
  request: ConfirmRequest
  counters: SideCounters
  /** Share of the new side that is wanted, in percent. */
  newSharePercent: number
}

/** Counts from the first look on; starts again when the wish changed or a counter went back (a reload, a restart). */
export function confirmShare({ request, counters, newSharePercent }: Count): Confirmation {
  const counted = countedSince(request, counters)
  if (counted === null) return startCounting(request.desired, counters)
  return judgeShare(request, { old: counted.old ?? 0, new: counted.new ?? 0 }, newSharePercent)
}

/** Requests per counter since the first look; null when counting must start (again). */
export function countedSince(request: ConfirmRequest, now: Counters): Record<string, number> | null {
  const memory = request.memory
  if (memory === undefined || !sameJson(memory.desired ?? null, request.desired)) return null
  const counted: Record<string, number> = {}
  for (const [side, counts] of Object.entries(now)) {
    const first = numbers(memory[side])
    if (!grew(first, counts)) return null
    counted[side] = total(counts) - total(first)
  }
  return counted
}

/** Whether the counted shares are as wanted, over enough requests. */
export function judgeShare(
  request: ConfirmRequest,
  counted: { old: number; new: number },
  newSharePercent: number,
): Confirmation {
  const memory = request.memory ?? {}
  const all = counted.old + counted.new
  const { samples, tolerance } = demands(request.options)
  if (all === 0)
    return { settled: samples === 0, lines: [`no request counted yet, ${samples} needed`], memory }
  const share = (counted.new / all) * 100
  return {
    settled: all >= samples && Math.abs(share - newSharePercent) <= tolerance,
    lines: [
      shareLine('old', { share: 100 - share, all, wanted: 100 - newSharePercent, tolerance }),
      shareLine('new', { share, all, wanted: newSharePercent, tolerance }),
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
    memory: { desired, ...counters },
  }
}

/** `samples` and `tolerance` of the step; without them any request at all proves, within three points. */
export function demands(options: JsonObject): { samples: number; tolerance: number } {
  const { samples, tolerance } = options
  return {
    samples: typeof samples === 'number' ? samples : 1,
    tolerance: typeof tolerance === 'number' ? tolerance : TOLERANCE_POINTS,
  }
}

const TOLERANCE_POINTS = 3 // a fair random split of 1,000 requests is off by more once in seventeen times at worst

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

export function moreNeeded(all: number, samples: number): string {
  return `${number(all)} of ${number(samples)} requests needed`
}

/** 1024 -> `1,024`; at most two decimals. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
