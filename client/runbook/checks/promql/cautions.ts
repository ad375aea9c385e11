// What is not wrong with a PromQL query but worth a word before the night: answers that are empty just when they would tell.
import { type Expression, type Query, within } from './expression.ts'
import type { Limits, QueryFault } from './query-fault.ts'
import { isShareOf } from './span.ts'

const SHOWN_MAX = 160 // of one part of the query: longer ones are not repeated

export function queryCautions({ text, expression }: Query, limits: Limits): QueryFault[] {
  if (expression === null) return []
  return [
    ...countedToNothing(expression, limits),
    ...[...within(expression)].flatMap((each) => emptyWhileHealthy(each, text)),
  ]
}

/** It acts all the same, by being unknown: that is why it is no mistake. */
function countedToNothing(expression: Expression, { min, max }: Limits): QueryFault[] {
  const isCount = expression.is === 'aggregate' && expression.name === 'count'
  const isAtNothing = (min !== undefined && min <= 1) || (max !== undefined && max < 1)
  if (!isCount || !isAtNothing) return []
  return [
    {
      message: 'a count of nothing is no data, not 0: less than 1 is unknown here, never bad and never good',
      fix: 'count what is there and works: sum(x == bool 1); or say what to do: when_unknown: { do: unwind }',
      offset: expression.from,
    },
  ]
}

/** Names of the metrics that a query asks for; `sideLess` = none of its series names `$side`. */
export function seriesOf({ text, expression }: Query): { metrics: string[]; namesSide: boolean } {
  const series = expression === null ? [] : [...within(expression)].filter(({ is }) => is === 'series')
  return {
    metrics: [...new Set(series.flatMap((each) => (each.is === 'series' ? [each.metric] : [])))],
    namesSide: series.some(({ from, to }) => /\$side\b/.test(text.slice(from, to))),
  }
}

/** `failed / all`: as long as nothing failed there is no series to divide. */
function emptyWhileHealthy(expression: Expression, query: string): QueryFault[] {
  if (expression.is !== 'binary' || expression.operator !== '/') return []
  const { left, right, at } = expression
  if (left.key === right.key || !isShareOf(left, right) || !isFurtherMatched(left, right)) return []
  const [part, whole] = [left, right].map(({ from, to }) => query.slice(from, to).trim()) as [string, string]
  const isShort = part.length <= SHOWN_MAX && whole.length <= SHOWN_MAX
  return [
    {
      message:
        'until the first of what is counted on the left there is no such series, and the answer of a healthy service is empty: unknown, which asks a person',
      fix: isShort
        ? `write (${part} or 0 * ${whole}) / ${whole}: 0 with traffic, unknown without`
        : 'write (failed or 0 * all) / all: 0 with traffic, unknown without',
      offset: at,
    },
  ]
}

/** Buckets of a histogram (`le`) are there from the start, all other values of a label when they first occur. */
function isFurtherMatched(part: Expression, whole: Expression): boolean {
  const [few, all] = [part, whole].map((side) =>
    [...within(side)].flatMap((each) => (each.is === 'series' ? each.matchers : [])),
  ) as [string[], string[]]
  return few.some((matcher) => !all.includes(matcher) && !/^"?le\b/.test(matcher))
}
