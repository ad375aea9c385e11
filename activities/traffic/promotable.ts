// What stands in the way of a promotion, and the proof that nothing does where a run wants no requests counted. Pure.
import type { Confirmation, ConfirmRequest } from '../../workflows/ports/target.ts'
import type { TrafficConfirmOptions } from '../../workflows/ports/traffic.ts'

/** `Rejected`: it stays so until somebody does something; `Unavailable`: it passes by itself. */
export type Amiss = { kind: 'Rejected' | 'Unavailable'; why: string }

export function refused(why: string): Amiss {
  return { kind: 'Rejected', why }
}

export function passing(why: string): Amiss {
  return { kind: 'Unavailable', why }
}

export function isUncounted({ options }: ConfirmRequest): boolean {
  const { promotable = false, samples } = options as Partial<TrafficConfirmOptions>
  return promotable && samples === 0
}

/** `behind`: what stands in its way, in words. */
export function provenWithout(behind: string | null): Confirmation {
  return {
    settled: behind === null,
    lines: [behind ?? 'all users are on the new side, and it may be promoted'],
  }
}
