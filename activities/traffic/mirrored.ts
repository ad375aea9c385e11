// The proof of a mirror by counting, and requests told from copies where the shadow is a side's own backend. Pure arithmetic.
import type { Confirmation, ConfirmRequest } from '../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../workflows/ports/traffic.ts'
import { type Counters, countedSince, startCounting, total } from './counted.ts'
import { allowedPoints, moreNeeded, needed, number } from './demands.ts'

export const UNTOLD = 'copies look like served requests: all traffic goes to the shadow cluster itself'

export type Counted = { old: number; new: number; shadow: number }
/** Whose backend the shadow is: nobody's but its own, or that of a side. */
export type ShadowOf = 'itself' | 'old' | 'new'

export function confirmMirrored(
  request: ConfirmRequest,
  of: { counted: Counted; split: Split; shadowOf: ShadowOf },
): Confirmation {
  const told = servedAndMirrored(of)
  if (told !== null) return judgeMirror(request, told)
  return { settled: false, lines: [UNTOLD], memory: request.memory ?? {} }
}

export type MirrorCounters = Counters & { served: number[]; mirrored: number[] }

/** Where copies are counted apart from requests: from the first look on, anew when the wish changed or a counter went back. */
export function confirmCopies(request: ConfirmRequest, now: MirrorCounters): Confirmation {
  const counted = countedSince(request, now)
  if (counted === null) return startCounting(request.desired, now)
  return judgeMirror(request, { served: total(counted.served), mirrored: total(counted.mirrored) })
}

/** Copies counted in a side's own backend: every served request is copied with the mirror's share. null = there are none. */
export function copiesAmong(
  counted: Counted,
  { percent, shadowOf }: { percent: number; shadowOf: ShadowOf },
): { old: number; new: number } | null {
  if (shadowOf === 'itself' || percent === 0) return null
  const all = counted.old + counted.new
  const copies = all - all / (1 + percent / 100)
  return shadowOf === 'new' ? { old: 0, new: copies } : { old: copies, new: 0 }
}

type Totals = { served: number; mirrored: number }

/** null when the shadow is a side's own backend and gets everything anyway: then nothing tells copies from requests. */
function servedAndMirrored({
  counted,
  split,
  shadowOf,
}: Parameters<typeof confirmMirrored>[1]): Totals | null {
  const { old, new: fresh, shadow } = counted
  if (shadowOf === 'itself') return { served: old + fresh, mirrored: shadow }
  // Only the other side's backend counts served requests alone; its weight tells how many there were in all.
  const pure = shadowOf === 'new' ? { count: old, weight: split.old } : { count: fresh, weight: split.new }
  if (pure.weight === 0) return null
  const served = Math.round((pure.count * (split.old + split.new)) / pure.weight)
  return { served, mirrored: old + fresh - served }
}

function judgeMirror(request: ConfirmRequest, { served, mirrored }: Totals): Confirmation {
  const memory = request.memory ?? {}
  const { percent } = request.desired as Mirror
  const share = percent === 0 ? 100 : percent
  const samples = needed(request.options, share)
  if (served < 1)
    return { settled: false, lines: [`no request counted yet, ${number(samples)} needed`], memory }
  const tolerance = allowedPoints(request.options, share)
  const counted = (mirrored / served) * 100
  return {
    settled:
      served >= samples && Math.abs(counted - percent) <= tolerance && (percent === 0 || mirrored >= 1),
    lines: [
      `mirrored ${counted.toFixed(1)} % of ${number(served)} requests, wanted ${number(percent)} % within ${number(tolerance)} points`,
      ...(served < samples ? [moreNeeded(served, samples)] : []),
    ],
    memory,
  }
}
