// What lies before a run: whether it can go back, and how long the rest takes. Pure, and without a clock: whoever shows it has one.
import type { Plan } from '../workflows/plan.ts'
import { inARow } from '../workflows/quantities.ts'
import type { RunState } from '../workflows/run/state.ts'
import { outline, whyIrreversible } from '../workflows/steps/kind-of.ts'
import type { RunView } from './model.ts'

/**
 * Null once the run is going back, or has ended. `isCertain` false: no worker tells, so it is what history says; a worker alone
 * begins the way back, and knows whether it is begun already.
 */
export function wayBackOf(plan: Plan, state: RunState, isCertain: boolean): RunView['wayBack'] {
  if (isOver(state)) return null
  const end = state.pointOfNoReturn
  if (end !== null) return { isPossible: false, until: null, why: end.why, isCertain }
  const last = plan.steps.slice(state.cursor).find((step) => whyIrreversible(step, state) !== null)
  if (last === undefined) return { isPossible: true, until: null, why: null, isCertain }
  const until = { index: last.index, title: last.title }
  return { isPossible: true, until, why: whyIrreversible(last, state), isCertain }
}

function isOver({ reason, outcome, phase }: RunState): boolean {
  return reason !== null || outcome !== null || phase === 'ended'
}

/** Null once the run is going back, or has ended. `longestMs` null: until a person decides. */
export function restOf(plan: Plan, state: RunState): RunView['rest'] {
  if (isOver(state)) return null
  const [present, ...later] = plan.steps.slice(state.cursor).map((step) => outline(step, () => undefined))
  return {
    step: { shortestMs: present?.shortestMs ?? 0, longestMs: present === undefined ? 0 : present.longestMs },
    later: {
      shortestMs: later.reduce((all, { shortestMs }) => all + shortestMs, 0),
      longestMs: sumOf(later.map(({ longestMs }) => longestMs)),
    },
  }
}

/** Null when one of them is: it has no end of its own. */
function sumOf(durations: (number | null)[]): number | null {
  return durations.reduce((sum, each) => (sum === null || each === null ? null : sum + each), 0)
}

/** Good checks in a row that open the gate of the present step; null: it waits for none. */
export function goodWanted(
  plan: Plan,
  { cursor, holding }: Pick<RunState, 'cursor' | 'holding'>,
): number | null {
  const spec = plan.steps[cursor]?.spec
  if (holding === null || spec === undefined || !('good' in spec)) return null
  return inARow(spec.good)
}
