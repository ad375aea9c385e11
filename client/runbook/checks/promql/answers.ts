// Whether the answers of a query can be bad at all: one that rests on no series, or lies within its limits whatever its series
// say, would be green for ever.
import { formatDuration } from '../../../../workflows/quantities.ts'
import { restsOnNothing } from './emptiness.ts'
import { type Expression, partsOfExpression, within } from './expression.ts'
import type { Limits, QueryFault } from './query-fault.ts'
import { isPoint, spanOf } from './span.ts'

/** What would become of it, by what the answers are held against. */
const NEVER: { [what in Limits['what']]: string } = {
  guard: 'it can never be bad',
  samples: 'there would always be enough',
  'idle proof': 'the side would be idle however much it is used',
  'in flight': 'the side would be empty however much it has begun',
  load: 'it would be carried however large it is',
}

const AGO_SECONDS_MAX = 300 // metrics that arrive late are asked for a minute or two ago; what a run does has to show while it holds
const OF_THE_CALENDAR = /^(?:minute|hour|day_of_week|day_of_month|day_of_year|days_in_month|month|year)$/

export function answerFaults(expression: Expression, limits: Limits): QueryFault[] {
  const offset = expression.from
  if (restsOnNothing(expression)) return [{ ...restsOn(expression), offset }]
  const apart = [...ofThePast(expression), ...byTheClock(expression)]
  if (apart.length > 0) return apart
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

/** Every series of it is looked at as it was long ago. */
function ofThePast(expression: Expression): QueryFault[] {
  const ago = leastAgo(expression)
  if (ago <= AGO_SECONDS_MAX || ago === Infinity) return []
  const message = `the query looks at how it was ${formatDuration(ago * 1_000)} ago: what a run does would show only then`
  return [{ message, fix: 'leave "offset ..." out', offset: expression.from }]
}

/** Of the series looked at most recently; Infinity = there is none. */
function leastAgo(expression: Expression): number {
  if (expression.is === 'series') return 0
  const inner = Math.min(...partsOfExpression(expression).map(leastAgo))
  return expression.is === 'moved' ? inner + expression.ago : inner
}

/** At some hours such an answer is another one whatever the service does: a factor of 0 at night, say. */
function byTheClock(expression: Expression): QueryFault[] {
  const clock = [...within(expression)].find(
    (each) =>
      (each.is === 'call' && each.args.length === 0 && OF_THE_CALENDAR.test(each.name)) ||
      (each.is === 'binary' && each.operator === '%' && each.left.is === 'call' && each.left.name === 'time'),
  )
  if (clock === undefined) return []
  const message = 'the answer depends on the time of day: a guard has to tell at every hour'
  return [{ message, fix: 'leave the hour or the day out of the query', offset: clock.from }]
}

type Answers = { low: number; high: number }

function neverBad({ low, high }: Answers, limits: Limits, offset: number): QueryFault[] {
  const { max, min, compares, what } = limits
  const isAllowed = (max === undefined || high <= max) && (min === undefined || low >= min)
  if (!isAllowed || (compares && !isNeverWorse({ low, high }, limits))) return []
  if (!compares && max === undefined && min === undefined) return []
  const span = words({ low, high })
  if (compares) {
    const message = `the query only answers ${span}, so both sides are at most ${high - low} apart: it can never be bad`
    return [{ message, fix: 'set a limit that can be passed', offset }]
  }
  const allowed = [
    ...(max === undefined ? [] : [`max ${max}`]),
    ...(min === undefined ? [] : [`min ${min}`]),
  ].join(', ')
  const never = NEVER[what]
  return [
    {
      message: `the query only answers ${span}, all within ${allowed}: ${never}`,
      fix: 'set a limit that can be passed',
      offset,
    },
  ]
}

/** Whether no answer can be so much above any other. */
function isNeverWorse({ low, high }: Answers, { difference, increase }: Limits): boolean {
  if (difference === undefined && increase === undefined) return false // no limit that can be read
  const isWithin = difference === undefined || high - low <= difference
  return isWithin && (increase === undefined || high <= low + Math.abs(low) * increase)
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
