// What the fields of a step mean for its holds: how many good checks it needs, how long it may wait for them, and how its effect
// is proven by counting requests. Pure.
import type { Json } from '../json.ts'
import { inARow, milliseconds, percent } from '../quantities.ts'
import { type OneOrMore, eachOf } from '../steps/several.ts'
import type { Confirming } from './holding.ts'

const COUNT_EVERY_MS = 2_000 // counters move slowly enough, and a look costs one small call

export type Gated = { good: string; extend_max: string }
export type Counted = { connection: OneOrMore; samples: number; tolerance: string }

export function gatingOf(spec: Gated): { good: number; extendMs: number } {
  return { good: inARow(spec.good), extendMs: milliseconds(spec.extend_max) }
}

/** The proof of a split or a mirror by counted requests, within the hold and its extension; then a person is asked. */
export function countedProof(
  spec: Counted & Gated,
  of: { target: string; desired: Json; forMs: number },
): Confirming[] {
  if (spec.samples === 0) return []
  return eachOf(spec.connection).map((connection) => ({
    connection,
    target: of.target,
    desired: of.desired,
    options: { samples: spec.samples, tolerance: percent(spec.tolerance) },
    everyMs: Math.min(COUNT_EVERY_MS, Math.max(100, of.forMs / 4)),
    withinMs: Math.max(COUNT_EVERY_MS, of.forMs + milliseconds(spec.extend_max)),
    otherwise: 'ask',
  }))
}
