// What a query asks for: the simulator's own short forms, and the PromQL of the lab by metric name and side label.
// It recognises, it does not evaluate: a query that it cannot place is refused rather than guessed at.
import { DURATION, milliseconds } from '../../workflows/quantities.ts'
import { SIDES, type Side } from './state.ts'

export type SimQuery = {
  what: 'error_ratio' | 'errors' | 'requests' | 'rate' | 'latency' | 'saturation' | 'in_flight'
  /** Both when a query names none. */
  sides: readonly Side[]
  windowMs: number
  /** Of `latency`: 0.95 for the 95th percentile. */
  quantile: number
}

export const FORMS =
  'error_ratio(new), errors(new), requests(new), samples(new), rate(new), latency_p95(new), saturation(new), in_flight(old), each also with a window: requests(new, 30s); PromQL over http_requests_total, istio_requests_total or http_request_duration_seconds'

const WINDOW_MS = 10_000 // of a query that names none: short enough for a rehearsal, long enough to hold samples
const SHORT_FORM =
  /^(error_ratio|errors|requests|samples|rate|saturation|in_flight|latency_p(\d{1,2}(?:\.\d+)?))\(\s*(old|new|all)\s*(?:,\s*([^\s)]+)\s*)?\)$/
const FAILING = /\b(?:status|code|status_code|response_code)\s*=~?\s*"5/ // any spelling of "the answer was a 5xx"
const ANY_STATUS = /\b(?:status|code|status_code|response_code)\s*[=!]/
const ARITHMETIC = /[/*%^<>=+-]|\b(?:and|unless|atan2|bool)\b/ // with these a query is a formula, and formulas are not evaluated here

/** Null: not a query that this world has an answer to. */
export function recognise(query: string): SimQuery | null {
  const text = query.trim()
  return shortForm(text) ?? promql(text)
}

function shortForm(text: string): SimQuery | null {
  const parts = SHORT_FORM.exec(text)
  if (parts === null) return null
  const [, name = '', percentile, side, window] = parts
  if (window !== undefined && !DURATION.test(window)) return null
  const what = name.startsWith('latency')
    ? 'latency'
    : name === 'samples'
      ? 'requests'
      : (name as SimQuery['what'])
  return {
    what,
    sides: side === 'all' ? SIDES : [side as Side],
    windowMs: window === undefined ? WINDOW_MS : milliseconds(window),
    quantile: Number(percentile ?? 95) / 100,
  }
}

function promql(query: string): SimQuery | null {
  const text = withoutCompletion(query)
  const sides = new Set([...text.matchAll(/\bside\s*=~?\s*"(old|new)"/g)].map(([, side]) => side as Side))
  const windows = new Set([...text.matchAll(/\[([0-9.a-z]+)[\]:]/g)].map(([, window]) => window ?? ''))
  const what = promqlKind(text)
  if (what === null || sides.size > 1 || windows.size > 1) return null
  const [window] = windows
  return {
    what,
    sides: sides.size === 0 ? SIDES : [...sides],
    windowMs: window !== undefined && DURATION.test(window) ? milliseconds(window) : WINDOW_MS,
    quantile: Number(/histogram_quantile\(\s*([0-9.]+)/.exec(text)?.[1] ?? 0.95),
  }
}

function promqlKind(text: string): SimQuery['what'] | null {
  const [numerator = '', denominator, ...rest] = outsideStrings(text).split('/')
  if (rest.length > 0 || ARITHMETIC.test(bare(numerator)) || ARITHMETIC.test(bare(denominator ?? '')))
    return null
  if (denominator !== undefined) return isErrorRatio(numerator, denominator) ? 'error_ratio' : null
  if (/saturation|utili[sz]ation/.test(bare(text))) return 'saturation'
  if (text.includes('histogram_quantile') && bare(text).includes('http_request_duration_seconds'))
    return 'latency'
  if (!REQUESTS.test(bare(text))) return null
  if (ANY_STATUS.test(text)) return FAILING.test(text) && !/\bi?rate\(/.test(text) ? 'errors' : null
  return /\bi?rate\(/.test(text) ? 'rate' : 'requests'
}

const COMPLETED = /^\(\s*(\S.*?)\s+or\s+0\s*\*\s*(\S.*?)\s*\)\s*\/\s*(\S.*)$/s
const REQUESTS = /http_requests_total|istio_requests_total|http_request_duration_seconds_count/

function isErrorRatio(numerator: string, denominator: string): boolean {
  const ofRequests = REQUESTS.test(bare(numerator)) && REQUESTS.test(bare(denominator))
  return ofRequests && FAILING.test(numerator) && !ANY_STATUS.test(denominator)
}

/** `(failed or 0 * all) / all` is `failed / all` here, where a side that is asked always counts its failures. */
function withoutCompletion(text: string): string {
  const [, failed = '', zero, all] = COMPLETED.exec(text) ?? []
  return zero === undefined || zero !== all ? text : `${failed} / ${all}`
}

/** A slash within a label's value divides nothing. */
function outsideStrings(text: string): string {
  return text.replace(/"[^"]*"/g, (quoted) => quoted.replaceAll('/', '_'))
}

/** Without label matchers and windows: names, functions and operators. */
function bare(text: string): string {
  return text.replace(/\{[^}]*\}/g, '').replace(/\[[^\]]*\]/g, '')
}
