// decommission, as others see it: capacity to zero, after a proof and a decision. The engine cannot undo it.
import { isObject } from '../../json.ts'
import { deciders } from '../../people.ts'
import type { PlannedGuard, PlannedStep } from '../../plan.ts'
import { milliseconds, percent } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf } from '../several.ts'

export const decommission = defineKind<'decommission'>({
  title: ({ side, connection }) => `decommission the ${side} side of ${namesOf(connection)}`,
  connections: { connection: 'capacity', 'idle_proof.from': 'metrics', 'carries.from': 'metrics' },
  changes: true,
  watched: 'throughout',
  asks: ({ people, quorum, self_approval: selfApproval }) => ({ people, quorum, selfApproval }),
  needs: (spec) => ({
    proofs: [idleGuard(spec), ...(spec.carries === undefined ? [] : [loadGuard(spec.carries)])],
  }),
  removes: ({ side, carries }) => ({ side, path: ['side'], isCarried: carries !== undefined }),
  reversibility: ({ side }) => ({
    is: 'irreversible',
    because: `without its capacity the ${side} side cannot take traffic back`,
  }),
  outline(spec) {
    const shortestMs = milliseconds(spec.idle_proof.for)
    return {
      changes: eachOf(spec.connection).map((connection) => ({
        connection,
        target: spec.side,
        desired: { count: 0 },
      })),
      back: `by hand: the capacity before is recorded, good for ${spec.restore_within}`,
      shortestMs,
      longestMs:
        spec.on_expiry === 'hold'
          ? null
          : shortestMs + milliseconds(spec.extend_max) + milliseconds(spec.expires),
      decides: deciders(spec),
    }
  },
  hurried({ idle_proof: proof = {}, carries = null, ...fields }, { query }) {
    const theirs = isObject(proof) ? proof : {}
    return {
      ...fields,
      idle_proof: { ...theirs, query: query(theirs['query']), for: '4s', every: '1s' },
      ...(isObject(carries) && { carries: { ...carries, load: query(carries['load']), every: '1s' } }),
    }
  },
})

type Carries = NonNullable<PlannedStep<'decommission'>['spec']['carries']>

/** The load as a guard; `instances` that can serve what they carry, with some of it kept free. Left out: whatever the load is. */
export function loadGuard(
  { from, load, per_instance: each, headroom, every, when_unknown }: Carries,
  instances?: number,
): PlannedGuard {
  return {
    name: 'load',
    from,
    query: load,
    side: 'new',
    ...(instances === undefined ? {} : { max: instances * each * (1 - percent(headroom) / 100) }),
    every,
    breach: '1 in a row',
    min_samples: 0,
    when_unknown,
    dry_run: false,
  }
}

/** The proof of idleness as a guard: at most `max` of whatever the query counts. No data is not a proof. */
export function idleGuard({
  side,
  idle_proof: { from, query, max, every, when_unknown },
}: PlannedStep<'decommission'>['spec']): PlannedGuard {
  return {
    name: `${side} idle`,
    from,
    query,
    side,
    max,
    every,
    breach: '1 in a row',
    min_samples: 0,
    when_unknown,
    dry_run: false,
  }
}
