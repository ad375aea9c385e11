// suspend, as others see it: one write to each reconciler, taken back when everything else is back.
import { RECONCILING, type Reconciling, SUSPENDED, suspended } from '../../ports/reconciler.ts'
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf, targetsAt } from '../several.ts'

export const suspend = defineKind<'suspend'>({
  title: ({ connection, expires }) => `suspend ${namesOf(connection)} for at most ${expires}`,
  connections: { connection: 'reconciler' },
  changes: true,
  watched: 'throughout',
  suspends: ({ connection, expires }) => ({
    connections: eachOf(connection),
    forMs: milliseconds(expires),
    path: ['expires'],
  }),
  isTakenBackLast: true,
  outline({ connection, within }, seen) {
    const targets = targetsAt(connection, [RECONCILING])
    const foundAt = (of: (typeof targets)[number]) =>
      seen(of.connection, of.target) as Reconciling | undefined
    return {
      problems: targets.flatMap((of) => {
        const found = foundAt(of)
        const problem = found === undefined ? null : leftBehind(found)
        return problem === null ? [] : [{ ...of, problem }]
      }),
      changes: targets.map((of) => {
        const found = foundAt(of)
        return { ...of, desired: found === undefined ? SUSPENDED : suspended(found) }
      }),
      back: 'it goes on as before, once everything else is back and it would leave that alone',
      shortestMs: 0,
      longestMs: milliseconds(within),
      decides: null,
    }
  },
})

/** Of an earlier run that was ended by force: to take it for the state before would leave it so for good. */
export function leftBehind(found: Reconciling): string | null {
  if (!found.suspended || found.by !== SUSPENDED.by) return null
  return 'it is still suspended by an earlier run: let it go on first, or wait for the expiry of that run'
}
