// What a query asks for: the simulator's own short forms, and the PromQL of the lab by metric name and side label.
// It recognises, it does not evaluate: a query that it cannot place is refused rather than guessed at.
import { DURATION, milliseconds } from '../../workflows/quantities.ts'
import { SIDES, type Side } from './state.ts'

export type Asked = {
  what: 'error_ratio' | 'errors' | 'requests' | 'rate' | 'latency' | 'saturation'
  /** Both when a query names none. */
  sides: readonly Side[]
  windowMs: number
  /** Of `latency`: 0.95 for the 95th percentile. */
  quantile: number
}

export const FORMS =
  'error_ratio(new), errors(new), requests(new), samples(new), rate(new), latency_p95(new), saturation(new), each also with a window: requests(new, 30s); PromQL over http_requests_total or http_request_duration_seconds'

const WINDOW_MS = 10_000 // of a query that names none: short enough for a rehearsal, long enough to hold samples
const SHORT_FORM =
  /^(error_ratio|errors|requests|samples|rate|saturation|latency_p(\d{1,2}(?:\.\d+)?))\(\s*(old|new|all)\s*(?:,\s*([^\s)]+)\s*)?\)$/
const FAILING = /(?:status|code|status_code)\s*=~?\s*"5/ // any spelling of "the answer was a 5xx"

/** Null: not a query that this world has an answer to. */
export function recognise(query: string): Asked | null {
  const text = query.trim()
  return shortForm(text) ?? promql(text)
}

function shortForm(text: string): Asked | null {
  const parts = SHORT_FORM.exec(text)
  if (parts === null) return null
  const [, name = '', percentile, side, window] = parts
  if (window !== undefined && !DURATION.test(window)) return null
  const what = name.startsWith('latency')
    ? 'latency'
    : name === 'samples'
      ? 'requests'
      : (name as Asked['what'])
  return {
    what,
    sides: side === 'all' ? SIDES : [side as Side],
    windowMs: window === undefined ? WINDOW_MS : milliseconds(window),
    quantile: Number(percentile ?? 95) / 100,
  }
}

function promql(text: string): Asked | null {
  const what = promqlKind(text)
  if (what === null) return null
  const window = /\[([0-9.a-z]+)[\]:]/.exec(text)?.[1]
  const side = /\bside\s*=~?\s*"(old|new)"/.exec(text)?.[1] as Side | undefined
  return {
    what,
    sides: side === undefined ? SIDES : [side],
    windowMs: window !== undefined && DURATION.test(window) ? milliseconds(window) : WINDOW_MS,
    quantile: Number(/histogram_quantile\(\s*([0-9.]+)/.exec(text)?.[1] ?? 0.95),
  }
}

function promqlKind(text: string): Asked['what'] | null {
  if (/saturation|utili[sz]ation/.test(text)) return 'saturation'
  if (text.includes('histogram_quantile') && text.includes('http_request_duration_seconds')) return 'latency'
  if (!/http_requests_total|http_request_duration_seconds_count/.test(text)) return null
  if (FAILING.test(text)) return text.includes('/') ? 'error_ratio' : 'errors'
  return /\bi?rate\(/.test(text) ? 'rate' : 'requests'
}
