// What a reading that is unknown means beforehand: nothing yet of a side that nobody is served by, something else of one
// that serves. Pure.
import { edgesOf } from '../../workflows/edges.ts'
import type { Plan } from '../../workflows/plan.ts'
import { isArmed } from '../../workflows/run/guards.ts'
import { servedBy } from '../../workflows/served-sides.ts'
import type { TrialResult } from '../../workflows/trial.ts'
import type { Surveyed } from './surveyed.ts'

/** The trials, the notes of guards completed by what follows from them. */
export function explained(plan: Plan, { looks, trials }: Surveyed): TrialResult[] {
  const edges = edgesOf(plan)
  const held = looks.flatMap(({ connection, target, observed }) =>
    observed === null || edges.every(({ name }) => name !== connection)
      ? []
      : [
          {
            connection,
            port: plan.connections[connection]?.port,
            target,
            before: observed.value,
            now: observed.value,
          },
        ],
  )
  const serving = servedBy(held, edges)
  return trials.map((trial) => {
    const guard = plan.guards.find(({ name }) => trial.what === 'guard' && trial.name === `guard ${name}`)
    if (guard === undefined || trial.notes.length === 0) return trial
    const meaning = isArmed(guard, serving)
      ? 'its sides are served now'
      : 'it sleeps until its sides are served'
    return { ...trial, notes: trial.notes.map((note) => `${note} (${meaning})`) }
  })
}
