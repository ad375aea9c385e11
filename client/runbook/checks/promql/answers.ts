// Whether the answers of a query can be bad at all: one that rests on no series, or lies within its limits whatever its series
// say, would be green for ever.
import { restsOnNothing } from './emptiness.ts'
import { type Expression, within } from './expression.ts'
import type { Limits, QueryFault } from './query-fault.ts'
import { isPoint, spanOf } from './span.ts'

export function answerFaults(expression: Expression, limits: Limits): QueryFault[] {
  const offset = expression.from
  if (restsOnNothing(expression)) return [{ ...restsOn(expression), offset }]
  const { low, high } = spanOf(expression)
  if (isPoint({ low, high })) {
    const message = `the query answers ${low} whatever its series say`
    return [{ message, fix: 'ask for a number that changes with the service', offset }]
  }
  if (limits.what === 'samples') return alwaysEnough(low, limits, offset)
  return [...neverBad({ low, high }, limits, offset), ...neverGood({ low, high }, limits, offset)]
}

function restsOn(expression: Expression): Omit<QueryFault, 'offset'> {
  const isPinned = [...within(expression)].some((each) => each.is === 'moved' && each.pinned)
  if (!isPinned)
    return {
      message: 'the query asks for no series: its answer says nothing about the service',
      fix: 'ask for a metric of the service, with $side in its labels',
    }
  return {
    message: 'the query is pinned to a moment (@): its answer stays as it was then',
    fix: 'leave "@ ..." out',
  }
}

type Answers = { low: number; high: number }

function neverBad(
  { low, high }: Answers,
  { max, min, compares, what }: Limits,
  offset: number,
): QueryFault[] {
  const isAllowed = (max === undefined || high <= max) && (min === undefined || low >= min)
  if (compares || (max === undefined && min === undefined) || !isAllowed) return []
  const span = words({ low, high })
  const allowed = [
    ...(max === undefined ? [] : [`max ${max}`]),
    ...(min === undefined ? [] : [`min ${min}`]),
  ].join(', ')
  const never = what === 'guard' ? 'it can never be bad' : 'the side would be idle however much it is used'
  return [
    {
      message: `the query only answers ${span}, all within ${allowed}: ${never}`,
      fix: 'set a limit that can be passed',
      offset,
    },
  ]
}

function neverGood({ low, high }: Answers, { max, min }: Limits, offset: number): QueryFault[] {
  if ((max === undefined || low <= max) && (min === undefined || high >= min)) return []
  const message = `the query only answers ${words({ low, high })}: it can never be good`
  return [{ message, fix: 'set a limit that can be kept', offset }]
}

function alwaysEnough(low: number, { min }: Limits, offset: number): QueryFault[] {
  if (min === undefined || min === 0 || low < min) return []
  return [
    {
      message: `the query answers ${low} or more whatever its series say: min_samples is always met`,
      fix: 'count requests: sum(increase(...))',
      offset,
    },
  ]
}

function words({ low, high }: Answers): string {
  if (low === -Infinity) return `numbers up to ${high}`
  return high === Infinity ? `numbers from ${low} up` : `numbers from ${low} to ${high}`
}
