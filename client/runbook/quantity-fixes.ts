// What somebody meant by a quantity in the wrong form: `5 minutes` -> `5m`, `0.05` -> `5%`. Pure, and cautious: null in doubt.
import { DURATION, IN_A_ROW, RATE, SHARE } from '../../workflows/quantities.ts'
import type { Json } from '../../workflows/json.ts'

const UNITS: Record<string, string> = {
  ms: 'ms', msec: 'ms', millisecond: 'ms', milliseconds: 'ms',
  s: 's', sec: 's', secs: 's', second: 's', seconds: 's',
  m: 'm', min: 'm', mins: 'm', minute: 'm', minutes: 'm',
  h: 'h', hr: 'h', hrs: 'h', hour: 'h', hours: 'h',
  d: 'd', day: 'd', days: 'd',
  w: 'w', week: 'w', weeks: 'w',
} // prettier-ignore
const DAYS_PER_WEEK = 7
const LENGTH_MAX = 60 // what is longer was not meant as a quantity

/** What would be right for a text that must match `pattern`. */
export function quantityFix(pattern: RegExp, typed: Json): string | null {
  const text = shortText(typed)
  if (pattern === DURATION) return durationFix(text)
  if (pattern === SHARE) return shareFix(text)
  if (pattern === RATE) return rateFix(text)
  if (pattern === IN_A_ROW)
    return /^[1-9]\d*\b/.test(text) ? `write ${Number.parseInt(text, 10)} in a row` : 'write 3 in a row'
  return null
}

/** What would be right for a limit: a number, a share or a duration. */
export function limitFix(given: Json): string {
  const typed = shortText(given)
  if (/^[\d.]+\s*(?:%|percent|pct)$/i.test(typed)) return shareFix(typed)
  if (/^[\d.]+\s*[a-z]+$/i.test(typed)) return durationFix(typed)
  return 'write a number, a share such as 0.5%, or a duration such as 800ms'
}

function shortText(typed: Json): string {
  const text = typeof typed === 'number' ? String(typed) : typeof typed === 'string' ? typed.trim() : ''
  return text.length > LENGTH_MAX ? '' : text
}

function durationFix(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return `give it a unit: ${text}s, ${text}m or ${text}h`
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)].map(([, amount, word]) => {
    const unit = UNITS[word?.toLowerCase() ?? '']
    if (unit === undefined) return null
    return unit === 'w' ? `${Number(amount) * DAYS_PER_WEEK}d` : `${amount}${unit}`
  })
  if (parts.length > 0 && !parts.includes(null)) return `write ${parts.join('')}`
  return 'units are ms, s, m, h, d: write 30s, 5m or 24h'
}

function shareFix(text: string): string {
  const number = /^(\d+(?:\.\d+)?)\s*(?:%|percent|pct)?$/i.exec(text)?.[1]
  if (number === undefined) return 'write a share in percent, such as 5% or 0.5%'
  const isRatio = !/[%a-z]/i.test(text) && Number(number) > 0 && Number(number) < 1
  return isRatio
    ? `write ${round(Number(number) * 100)}% or, if percent were meant, ${number}%`
    : `write ${number}%`
}

function rateFix(text: string): string {
  const found = /^(\d+(?:\.\d+)?)\s*(?:rps|qps|\/\s*(?:s|sec|second)|per second)?$/i.exec(text)
  if (found !== null) return `write ${found[1]}/s`
  return 'write a number per s, m or h, such as 20/s'
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
