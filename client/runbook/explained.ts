// What a reading that is unknown means beforehand: nothing yet of a side that nobody is served by, something else of one
// that serves. Pure.
import type { Plan } from '../../workflows/plan.ts'
import type { Split } from '../../workflows/ports/traffic.ts'
import { isArmed } from '../../workflows/run/guards.ts'
import type { TrialResult } from '../../workflows/trial.ts'
import type { Surveyed } from './surveyed.ts'

/** The trials, the notes of guards completed by what follows from them. */
export function explained(plan: Plan, { looks, trials }: Surveyed): TrialResult[] {
  const splits = looks.flatMap(({ target, observed }) =>
    target === 'split' && observed !== null ? [observed.value as Split] : [],
  )
  const serving = {
    old: splits.length === 0 || splits.some((split) => split.old > 0),
    new: splits.some((split) => split.new > 0),
  }
  return trials.map((trial) => {
    const guard = plan.guards.find(({ name }) => trial.what === 'guard' && trial.name === `guard ${name}`)
    if (guard === undefined || trial.notes.length === 0) return trial
    const meaning = isArmed(guard, serving)
      ? 'its sides are served now'
      : 'it sleeps until its sides are served'
    return { ...trial, notes: trial.notes.map((note) => `${note} (${meaning})`) }
  })
}
