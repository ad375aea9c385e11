// Times, values and bars in the form people read them. Pure.
import type { Json } from '../../workflows/json.ts'
import type { Declaration } from '../../workflows/ports/target.ts'
import { formatDuration } from '../../workflows/quantities.ts'

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const

/** 62.5 at width 8 -> `█████░░░`; eighths of a column, so that 1 % is seen. */
export function bar(percent: number, width: number): string {
  const eighths = Math.round((Math.min(100, Math.max(0, percent)) / 100) * width * 8)
  const full = Math.floor(eighths / 8)
  const part = EIGHTHS[eighths % 8] ?? ''
  return '█'.repeat(full) + part + '░'.repeat(width - full - (part === '' ? 0 : 1))
}

/** `14:03:11`, with the date when it is not today. */
export function clock(iso: string, now: number): string {
  const date = new Date(iso)
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  const isToday = date.toDateString() === new Date(now).toDateString()
  return isToday ? time : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`
}

/** `2m ago`, `in 1h5m`. */
export function away(iso: string, now: number): string {
  const ms = Date.parse(iso) - now
  if (Math.abs(ms) < 1_000) return 'now'
  const amount = formatDuration(Math.floor(Math.abs(ms) / 1_000) * 1_000)
  return ms < 0 ? `${amount} ago` : `in ${amount}`
}

/** How long from one time to another (or to now); empty when it has not begun. */
export function lasted(from: string | null, to: string | null, now: number): string {
  if (from === null) return ''
  const ms = (to === null ? now : Date.parse(to)) - Date.parse(from)
  return formatDuration(ms < 10_000 ? ms : Math.floor(ms / 1_000) * 1_000)
}

/** A value of a target as short as it can be said: `old 75 new 25`. */
export function valueText(value: Json): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ')
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(
      ([key, inner]) =>
        `${key} ${typeof inner === 'object' && inner !== null ? `(${valueText(inner)})` : valueText(inner)}`,
    )
    .join(' ')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** `1 step`, `2 steps`. */
export function counted(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`
}

/** `HTTPRoute shop/orders: [{"op":"add",...}]`: a JSON Patch (RFC 6902), to be copied. */
export function declarationText({ object, patch }: Declaration): string {
  return `${object}: ${JSON.stringify(patch)}`
}
