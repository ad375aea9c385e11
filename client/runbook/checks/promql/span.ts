// Between which numbers the answer of a query can lie, whatever its series say: interval arithmetic over the expression. Wide
// where nothing is known. An answer that is empty or NaN is no number and stands outside of it.
import type { Binary, Expression } from './expression.ts'

export type Span = { low: number; high: number }

const ANY: Span = { low: -Infinity, high: Infinity }
const POSITIVE: Span = { low: 0, high: Infinity }
const ONE = point(1)
const ZERO = point(0)

/** Functions whose answers lie where those of their (first vector) argument lie. */
const SAME = new Set(
  'vector scalar sort sort_desc sort_by_label sort_by_label_desc label_replace label_join avg_over_time min_over_time max_over_time last_over_time first_over_time avg min max topk bottomk limitk limit_ratio'.split(
    ' ',
  ),
)
const NEVER_NEGATIVE = new Set(
  'count count_values count_over_time abs sqrt exp rate increase irate changes resets stddev_over_time stdvar_over_time mad_over_time histogram_count histogram_stddev histogram_stdvar timestamp time year acosh stddev stdvar'.split(
    ' ',
  ),
)
const ALWAYS_ONE = new Set(['present_over_time', 'absent', 'absent_over_time', 'group'])

const BOUNDED: { [name: string]: Span } = {
  sin: { low: -1, high: 1 },
  cos: { low: -1, high: 1 },
  tanh: { low: -1, high: 1 },
  sgn: { low: -1, high: 1 },
  asin: { low: -Math.PI / 2, high: Math.PI / 2 },
  atan: { low: -Math.PI / 2, high: Math.PI / 2 },
  acos: { low: 0, high: Math.PI },
  cosh: { low: 1, high: Infinity },
  histogram_fraction: { low: 0, high: 1 },
  pi: point(Math.PI),
  minute: { low: 0, high: 59 },
  hour: { low: 0, high: 23 },
  day_of_week: { low: 0, high: 6 },
  day_of_month: { low: 1, high: 31 },
  day_of_year: { low: 1, high: 366 },
  days_in_month: { low: 28, high: 31 },
  month: { low: 1, high: 12 },
}

export function spanOf(expression: Expression): Span {
  switch (expression.is) {
    case 'number':
      return Number.isNaN(expression.value) ? ANY : point(expression.value)
    case 'text':
    case 'series':
      return ANY
    case 'range':
    case 'moved':
      return spanOf(expression.of)
    case 'negative':
      return negated(spanOf(expression.of))
    case 'call':
    case 'aggregate':
      return calledSpan(expression.name, expression.args)
    case 'binary':
      return binarySpan(expression)
    default:
      return expression satisfies never
  }
}

export function isPoint({ low, high }: Span): boolean {
  return low === high
}

/** Whether `part` counts a subset of what `whole` counts: the same but for further label matchers. */
export function isShareOf(part: Expression, whole: Expression): boolean {
  if (part.is === 'series' && whole.is === 'series')
    return part.metric === whole.metric && whole.matchers.every((each) => part.matchers.includes(each))
  if (part.is === 'range' && whole.is === 'range')
    return part.window === whole.window && isShareOf(part.of, whole.of)
  if (part.is !== whole.is || (part.is !== 'call' && part.is !== 'aggregate')) return false
  const other = whole as typeof part
  const [inner, ...more] = part.args
  const [outer] = other.args
  const isAdditive = ['sum', 'count', 'rate', 'increase'].includes(part.name)
  const isAlike = part.name === other.name && groupingOf(part) === groupingOf(other)
  if (!isAdditive || !isAlike || more.length > 0 || inner === undefined || outer === undefined) return false
  return isShareOf(inner, outer)
}

function groupingOf(expression: Expression): string {
  return expression.is === 'aggregate' ? expression.grouping : ''
}

function calledSpan(name: string, args: Expression[]): Span {
  const spans = args.map(spanOf)
  const [first = ANY, second = ANY, third = ANY] = spans
  if (ALWAYS_ONE.has(name)) return ONE
  const bounded = Object.hasOwn(BOUNDED, name) ? BOUNDED[name] : undefined
  if (bounded !== undefined) return bounded
  // VictoriaMetrics takes several arguments: the least, or the greatest, of all.
  if (name === 'min' && spans.length > 1) return least(spans)
  if (name === 'max' && spans.length > 1) return greatest(spans)
  if (SAME.has(name)) return spans.length > 1 && isRanked(name) ? second : first
  if (/^(?:histogram_)?quantile(?:_over_time)?$/.test(name)) {
    if (first.high < 0) return point(-Infinity)
    if (first.low > 1) return point(Infinity)
    return name === 'histogram_quantile' ? ANY : second
  }
  if (name === 'clamp_max') return least([first, second])
  if (name === 'clamp_min') return greatest([first, second])
  if (name === 'clamp') return least([greatest([first, second]), third])
  if (name === 'sum' || name === 'sum_over_time') return summed(first)
  if (name === 'floor' || name === 'ceil' || (name === 'round' && spans.length === 1))
    return { low: Math.floor(first.low), high: Math.ceil(first.high) }
  if (name === 'round' && isPoint(second) && second.low > 0)
    return { low: rounded(first.low, second.low), high: rounded(first.high, second.low) }
  return NEVER_NEGATIVE.has(name) ? POSITIVE : ANY
}

function rounded(value: number, to: number): number {
  return Math.floor(value / to + 0.5) * to
}

function isRanked(name: string): boolean {
  return ['topk', 'bottomk', 'limitk', 'limit_ratio'].includes(name)
}

function summed({ low, high }: Span): Span {
  return { low: low >= 0 ? low : -Infinity, high: high <= 0 ? high : Infinity }
}

function binarySpan(expression: Binary): Span {
  const { operator, bool, left, right } = expression
  const isSame = left.key === right.key
  const [a, b] = [spanOf(left), spanOf(right)]
  switch (operator) {
    case '+':
      return { low: a.low + b.low, high: a.high + b.high }
    case '-':
      return isSame ? ZERO : { low: a.low - b.high, high: a.high - b.low }
    case '*':
      return product(a, b)
    case '/':
      return isSame ? ONE : quotient(expression, a, b)
    case '%':
      return isSame ? ZERO : remainder(a, b)
    case '^':
      if (isPoint(b) && b.low === 0) return ONE
      return a.low >= 0 ? POSITIVE : ANY
    case 'or':
      return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }
    case 'and':
    case 'unless':
      return a
    case 'atan2':
      return { low: -Math.PI, high: Math.PI }
    default:
      if (!bool) return left.is === 'number' ? b : a // a filter: what it leaves through
      return compared(operator, { a, b, isSame })
  }
}

/** Of a comparison that answers 0 or 1. */
function compared(operator: string, { a, b, isSame }: { a: Span; b: Span; isSame: boolean }): Span {
  const isAbove = a.low > b.high
  const isBelow = a.high < b.low
  const isNever: { [operator: string]: boolean } = {
    '>': isBelow || isSame || a.high <= b.low,
    '<': isAbove || isSame || a.low >= b.high,
    '>=': isBelow,
    '<=': isAbove,
    '==': isAbove || isBelow,
    '!=': isSame,
  }
  const isAlways: { [operator: string]: boolean } = {
    '>': isAbove,
    '<': isBelow,
    '>=': isSame || a.low >= b.high,
    '<=': isSame || a.high <= b.low,
    '==': isSame,
    '!=': isAbove || isBelow,
  }
  if (isNever[operator] === true) return ZERO
  return isAlways[operator] === true ? ONE : { low: 0, high: 1 }
}

function quotient({ left, right }: Binary, a: Span, b: Span): Span {
  const parts = left.is === 'binary' && left.operator === 'or' ? [left.left, left.right] : [left]
  if (parts.every((part) => isShareOf(part, right) || isZero(part))) return { low: 0, high: 1 }
  if (isZero(left)) return ZERO
  if (b.low > 0 || b.high < 0) return product(a, { low: 1 / b.high, high: 1 / b.low })
  return a.low >= 0 && b.low >= 0 ? POSITIVE : ANY
}

/** Nothing but zero, whatever its series say. */
export function isZero(expression: Expression): boolean {
  const { low, high } = spanOf(expression)
  return low === 0 && high === 0
}

function remainder(a: Span, b: Span): Span {
  const size = Math.max(Math.abs(b.low), Math.abs(b.high))
  return { low: a.low >= 0 ? 0 : -size, high: a.high <= 0 ? 0 : size }
}

function product(a: Span, b: Span): Span {
  const products = [times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high)]
  return { low: Math.min(...products), high: Math.max(...products) }
}

/** Series are finite: zero times a bound that is not known is zero. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b
}

function negated({ low, high }: Span): Span {
  return { low: -high, high: -low }
}

function least(spans: Span[]): Span {
  return {
    low: Math.min(...spans.map(({ low }) => low)),
    high: Math.min(...spans.map(({ high }) => high)),
  }
}

function greatest(spans: Span[]): Span {
  return {
    low: Math.max(...spans.map(({ low }) => low)),
    high: Math.max(...spans.map(({ high }) => high)),
  }
}

function point(value: number): Span {
  return { low: value, high: value }
}
