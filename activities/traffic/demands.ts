// How much must be counted before a share is believed, and how far off it may be. Pure arithmetic.
import type { JsonObject } from '../../workflows/json.ts'

const TOLERANCE_POINTS = 3 // a fair random split of 1,000 requests is off by more once in seventeen times at worst
const EXPECTED_MIN = 3 // requests of the smallest share: by chance alone a share that is there shows none once in twenty times
const OWN_SHARE = 0.5 // a share is never half of what was wanted, nor one and a half times as much

/** `samples` and `tolerance` of the step; without them any request at all proves, within three points. */
export function demands(options: JsonObject): { samples: number; tolerance: number } {
  const { samples, tolerance } = options
  return {
    samples: typeof samples === 'number' ? samples : 1,
    tolerance: typeof tolerance === 'number' ? tolerance : TOLERANCE_POINTS,
  }
}

/** Percentage points by which a share may be off: never so many that nothing would do as well. */
export function allowedPoints(options: JsonObject, sharePercent: number): number {
  return Math.min(demands(options).tolerance, sharePercent * OWN_SHARE)
}

/** Requests to count: as many as asked for, and so many that the share would hardly be missed by chance. */
export function needed(options: JsonObject, sharePercent: number): number {
  return Math.max(1, demands(options).samples, Math.ceil((EXPECTED_MIN * 100) / sharePercent))
}

export function moreNeeded(all: number, samples: number): string {
  return `${number(all)} of ${number(samples)} requests needed`
}

/** 1024 -> `1,024`; at most two decimals. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
