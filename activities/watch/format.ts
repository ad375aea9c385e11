// Numbers of guards as people write them: in the form of their limit. Pure.
import { DURATION, SHARE, TIME_UNITS, type TimeUnit } from '../../workflows/quantities.ts'
import type { Limit } from '../../workflows/scalars.ts'

/** 0.002 under a limit of `0.5%` -> `0.2 %`; 0.12 (or 120 of `ms`) under `800ms` -> `120 ms`; 1204 -> `1,204`. */
export function formatValue(value: number, limit: Limit, unit: TimeUnit = 's'): string {
  if (typeof limit === 'number') return formatNumber(value)
  if (SHARE.test(limit)) return `${formatNumber(value * 100)} %`
  if (!DURATION.test(limit)) return formatNumber(value)
  const ms = value * TIME_UNITS[unit]
  return ms < 1_000 ? `${formatNumber(ms)} ms` : `${formatNumber(ms / 1_000)} s`
}

/** At most three significant digits behind the point, thousands separated: `0.00123`, `1,204`, `12.3`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const isLarge = Math.abs(value) >= 100
  return value.toLocaleString('en', isLarge ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })
}

/** Server time for people, in UTC; with its date when it is not within a day of `now`. */
export function formatTime(at: number, now: number): string {
  const text = new Date(at).toISOString()
  const isNear = Math.abs(at - now) < 86_400_000
  return isNear ? `${text.slice(11, 19)} UTC` : `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`
}
