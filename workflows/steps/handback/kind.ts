// handback, as others see it: each reconciler goes on as it was found, once that changes nothing.
import { RECONCILING, type Reconciling, SUSPENDED } from '../../ports/reconciler.ts'
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf, targetsAt } from '../several.ts'

export const handback = defineKind<'handback'>({
  title: ({ connection }) => `hand back to ${namesOf(connection)}`,
  connections: { connection: 'reconciler' },
  changes: true,
  watched: 'throughout',
  handsBack: ({ connection }) => eachOf(connection),
  outline({ connection, within }, seen) {
    return {
      changes: targetsAt(connection, [RECONCILING]).map((of) => {
        const first = seen.look?.(of.connection, of.target)?.value ?? seen(of.connection, of.target)
        const found = first as Reconciling | undefined
        return { ...of, desired: found === undefined || found.by === SUSPENDED.by ? null : found }
      }),
      back: 'suspended again, beside the first of what goes back',
      shortestMs: 0,
      longestMs: 2 * milliseconds(within),
      decides: null,
    }
  },
})
