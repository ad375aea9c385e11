// Quantities as people write them in a runbook: `5m`, `25%`, `20/s`. Plans keep the written form; code asks for the number.

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const DURATION_TEXT = String.raw`(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+`
const SHARE_TEXT = String.raw`\d+(?:\.\d+)?%`
export const DURATION = new RegExp(`^${DURATION_TEXT}$`)
export const SHARE = new RegExp(`^${SHARE_TEXT}$`)
export const SHARE_OR_DURATION = new RegExp(`^(?:${SHARE_TEXT}|${DURATION_TEXT})$`)
export const RATE = /^\d+(?:\.\d+)?\/(?:s|m|h)$/
export const IN_A_ROW = /^[1-9]\d* in a row$/

/** `1h30m` -> 5_400_000. */
export function milliseconds(duration: string): number {
  if (!DURATION.test(duration)) throw new Error(`not a duration: ${JSON.stringify(duration)}`)
  let total = 0
  for (const [, amount, unit] of duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  }
  return Math.round(total)
}

/** `0.5%` -> 0.5. */
export function percent(share: string): number {
  if (!SHARE.test(share)) throw new Error(`not a share: ${JSON.stringify(share)}`)
  return Number(share.slice(0, -1))
}

/** `20/s` -> 20, `30/m` -> 0.5. */
export function perSecond(rate: string): number {
  if (!RATE.test(rate)) throw new Error(`not a rate: ${JSON.stringify(rate)}`)
  const [amount, unit] = rate.split('/') as [string, 's' | 'm' | 'h']
  return (Number(amount) * 1_000) / UNIT_MS[unit]
}

/** `3 in a row` -> 3. */
export function inARow(text: string): number {
  if (!IN_A_ROW.test(text)) throw new Error(`not a count of checks in a row: ${JSON.stringify(text)}`)
  return Number.parseInt(text, 10)
}

/** What a query that measures time may count in. */
export const TIME_UNITS = { ns: 1e-6, us: 1e-3, ...UNIT_MS } as const
export type TimeUnit = keyof typeof TIME_UNITS

/**
 * A threshold in the unit of its query: `0.5%` -> 0.005 (a ratio), 12 -> 12, `800ms` -> 0.8 where the query counts in
 * seconds, 800 where it counts in `ms`.
 */
export function threshold(limit: string | number, unit: TimeUnit = 's'): number {
  if (typeof limit === 'number') return limit
  return SHARE.test(limit) ? percent(limit) / 100 : milliseconds(limit) / TIME_UNITS[unit]
}

/** 5_400_000 -> `1h30m`; at most two units, so that it can be read at a glance. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`
  let rest = Math.round(ms / 1_000) * 1_000
  const parts: string[] = []
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / UNIT_MS[unit])
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * UNIT_MS[unit]
  }
  return parts.slice(0, 2).join('')
}
