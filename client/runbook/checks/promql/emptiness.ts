// Where a query turns no data into a number, or drops the number that would tell: set operators, comparisons that filter, and
// functions that speak of what is not there. Anywhere in it, for emptiness travels outwards.
import { type Binary, type Expression, partsOfExpression, within } from './expression.ts'
import type { QueryFault } from './query-fault.ts'
import { isPoint, isZero, spanOf } from './span.ts'

const COMPARISONS = new Set(['==', '!=', '>', '<', '>=', '<='])
const SET_OPERATORS = new Set(['or', 'and', 'unless'])
const ABSENCES = new Set(['absent', 'absent_over_time'])
const COMPLETES = 'write it as "failed or 0 * all": all of the same metric, so that no data stays no data'

/** Where an expression stands: on the outside, below an aggregation, in a numerator whose denominator needs data, as a divisor. */
type Where = { outermost: boolean; joined: boolean; divided: boolean; divisor: boolean }

export function emptinessFaults(expression: Expression): QueryFault[] {
  return faultsIn(expression, { outermost: true, joined: false, divided: false, divisor: false })
}

/** Whether it has an answer although no series of the service does. */
export function restsOnNothing(expression: Expression): boolean {
  if (expression.is === 'series') return false
  if (expression.is === 'moved' && expression.pinned) return true
  if (expression.is === 'call' && ABSENCES.has(expression.name)) return true
  return partsOfExpression(expression).every(restsOnNothing)
}

function faultsIn(expression: Expression, where: Where): QueryFault[] {
  const inner = (part: Expression, at: Partial<Where> = {}): QueryFault[] =>
    faultsIn(part, { ...where, outermost: false, divisor: false, ...at })
  switch (expression.is) {
    case 'number':
    case 'text':
    case 'series':
      return []
    case 'range':
    case 'moved':
    case 'negative':
      return inner(expression.of, { outermost: where.outermost })
    case 'call':
      if (ABSENCES.has(expression.name)) return [absence(expression)]
      return expression.args.flatMap((part) => inner(part))
    case 'aggregate':
      return [
        ...nothingChosen(expression),
        ...expression.args.flatMap((part) => inner(part, { joined: true })),
      ]
    case 'binary': {
      const needsData = expression.operator === '/' && !restsOnNothing(expression.right)
      return [
        ...operatorFaults(expression, where),
        ...inner(expression.left, needsData ? { divided: true } : {}),
        ...inner(expression.right, { divided: false, divisor: expression.operator === '/' }),
      ]
    }
    default:
      return expression satisfies never
  }
}

function operatorFaults(expression: Binary, where: Where): QueryFault[] {
  if (SET_OPERATORS.has(expression.operator)) return setFaults(expression, where)
  if (!COMPARISONS.has(expression.operator)) return []
  if (expression.bool)
    return mayBeNaN(expression.left) || mayBeNaN(expression.right) ? [nanCompared(expression)] : []
  return isGuardOfDivisor(expression, where) ? [] : [filter(expression)]
}

function setFaults(expression: Binary, { outermost: isOutermost, joined, divided }: Where): QueryFault[] {
  const { operator, at: offset, left, right } = expression
  const isFixed = restsOnNothing(left) || restsOnNothing(right)
  if (operator === 'or' && !isFixed && isCompletion(expression, divided)) return []
  if (isOutermost) return [outermost(operator, offset)]
  if (isFixed) {
    const message =
      operator === 'or'
        ? '"or" puts a number where there is no data: an outage would look like that number'
        : `"${operator}" with a number that is always there`
    return [{ message, fix: operator === 'or' ? COMPLETES : `leave "${operator} ..." out`, offset }]
  }
  if (operator === 'or') {
    if (!isPoint(spanOf(right)) && !isPoint(spanOf(left))) return []
    const message =
      '"or" puts a number of other series where there is no data: an outage would look like that number'
    return [{ message, fix: COMPLETES, offset }]
  }
  if (joined && left.key !== right.key) return [] // a join chooses among series
  const message = `"${operator}" can empty the answer: it looks like no data then`
  return [{ message, fix: `leave "${operator} ..." out`, offset }]
}

/** `failed or 0 * all`: zero only where there is data, of the same metric or below a divisor that needs data as well. */
function isCompletion({ left, right }: Binary, divided: boolean): boolean {
  if (!isZero(right) || isZero(left)) return false
  const metrics = metricsOf(left)
  return divided || metricsOf(right).every((metric) => metrics.includes(metric))
}

function metricsOf(expression: Expression): string[] {
  return [...within(expression)].flatMap((each) => (each.is === 'series' ? [each.metric] : []))
}

function outermost(word: string, offset: number): QueryFault {
  return {
    message: `the outermost operator is "${word}": its answer may look like no data`,
    fix:
      word === 'or'
        ? `leave "or ..." out: an outage must be unknown, not a number; for a service without failures ${COMPLETES}`
        : `leave "${word} ..." out`,
    offset,
  }
}

function absence({ from }: Expression): QueryFault {
  return {
    message: 'absent() answers 1 or nothing: it is never good, and with a number beside it always',
    fix: 'leave it out: a guard without data is unknown, and asks or goes back as when_unknown says',
    offset: from,
  }
}

/** `x / (y > 0)`: where it drops the divisor, the answer would be NaN or infinite, which is no number either. */
function isGuardOfDivisor({ operator, right }: Binary, { divisor }: Where): boolean {
  return divisor && (operator === '>' || operator === '!=') && right.is === 'number' && right.value === 0
}

function filter({ at }: Binary): QueryFault {
  return {
    message: 'the query compares: when it does not hold, its answer is empty and looks like no data',
    fix: 'leave the comparison out and say max: or min: instead, or compare with "> bool"; count with sum(x == bool 1)',
    offset: at,
  }
}

function nanCompared({ at }: Binary): QueryFault {
  return {
    message:
      'a "bool" comparison of a division, a quantile or scalar() answers a number where there is no data: NaN compares as 0',
    fix: 'leave the comparison out and say max: or min: instead',
    offset: at,
  }
}

/** Whether it answers NaN where there is no data, rather than nothing. */
function mayBeNaN(expression: Expression): boolean {
  switch (expression.is) {
    case 'number':
    case 'text':
    case 'series':
      return false
    case 'range':
    case 'moved':
    case 'negative':
      return mayBeNaN(expression.of)
    case 'call':
      return /^(?:scalar|histogram_quantiles?)$/.test(expression.name)
        ? !restsOnNothing(expression)
        : expression.args.some(mayBeNaN)
    case 'aggregate':
      return !/^(?:count|group|count_values)$/.test(expression.name) && expression.args.some(mayBeNaN)
    case 'binary': {
      if (expression.bool) return false // told where it stands
      const divides = expression.operator === '/' && !restsOnNothing(expression.right)
      return divides || mayBeNaN(expression.left) || mayBeNaN(expression.right)
    }
    default:
      return expression satisfies never
  }
}

function nothingChosen({ is, args, from, ...rest }: Expression & { is: 'aggregate' }): QueryFault[] {
  const [count] = args
  const isNothing =
    is === 'aggregate' && /^(?:topk|bottomk|limitk)$/.test(rest.name) && count?.is === 'number'
  if (!isNothing || count.value >= 1) return []
  return [
    { message: `${rest.name} of ${count.value} chooses nothing`, fix: 'choose 1 or more', offset: from },
  ]
}
