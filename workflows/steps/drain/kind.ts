// drain, as others see it: a wait for a side that users have left. It changes nothing.
import { isObject } from '../../json.ts'
import type { PlannedGuard, PlannedStep } from '../../plan.ts'
import { inARow, milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf } from '../several.ts'

export const drain = defineKind<'drain'>({
  title: ({ side, connection }) => `drain the ${side} side of ${namesOf(connection)}`,
  connections: { connection: 'traffic', 'in_flight.from': 'metrics' },
  changes: false,
  watched: 'throughout',
  needs: (spec) => {
    const { connection, side, in_flight: counted } = spec
    return counted === undefined
      ? { drains: eachOf(connection).map((each) => ({ connection: each, side })) }
      : { proofs: [inFlightGuard(spec, counted)] }
  },
  empties: ({ side }) => ({ side, path: ['side'] }),
  outline: ({ within, every, good, on_timeout, in_flight: counted }) => {
    const shortestMs =
      counted === undefined ? (inARow(good) - 1) * milliseconds(every) : milliseconds(counted.for)
    const limitMs = milliseconds(within) + (counted === undefined ? 0 : shortestMs)
    return {
      changes: [],
      back: 'changes nothing',
      shortestMs,
      longestMs: on_timeout === 'ask' ? null : limitMs,
      decides: null,
    }
  },
  hurried: ({ in_flight: counted = null, ...fields }, { query }) =>
    isObject(counted)
      ? { ...fields, in_flight: { ...counted, query: query(counted['query']), for: '4s' } }
      : fields,
})

type Spec = PlannedStep<'drain'>['spec']

/** What a query counts in flight, as a proof: at most what may be left. No data proves nothing. */
export function inFlightGuard(
  { side, every, most }: Spec,
  { from, query }: NonNullable<Spec['in_flight']>,
): PlannedGuard {
  return {
    name: `in flight on the ${side} side`,
    from,
    query,
    side,
    max: most,
    every,
    breach: '1 in a row',
    min_samples: 0,
    when_unknown: { for: '0s', do: 'hold' },
    dry_run: false,
  }
}
