// What the Temporal server shows of a run without asking a worker: search attributes (only when changed) and details.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import { presentEdge } from '../edges.ts'
import { attributes } from '../messages.ts'
import type { Plan } from '../plan.ts'
import { details } from './details.ts'
import type { RunState } from './state.ts'

type Published = NonNullable<RunState['published']>

/** Each upsert is an event: one for all attributes, and none when nothing changed. */
export function publish(plan: Plan, state: RunState): void {
  describe(plan, state)
  const now: Published = {
    phase: state.phase,
    gate: state.gates[0]?.id ?? '',
    weight: presentWeight(plan, state),
    outcome: state.outcome ?? '',
  }
  const last = state.published
  const changed = [
    ...(now.phase === last?.phase ? [] : [{ key: attributes.phase, value: now.phase }]),
    ...(now.gate === (last?.gate ?? '')
      ? []
      : [{ key: attributes.gate, value: now.gate === '' ? null : now.gate }]),
    ...(now.weight === (last?.weight ?? null) ? [] : [{ key: attributes.weight, value: now.weight }]),
    ...(now.outcome === (last?.outcome ?? '')
      ? []
      : [{ key: attributes.outcome, value: now.outcome === '' ? null : now.outcome }]),
  ]
  if (changed.length === 0) return
  upsertSearchAttributes(changed)
  state.published = now
}

/** Of the edge that the present step is about, in whole percents. */
function presentWeight(plan: Plan, state: RunState): number | null {
  const edge = presentEdge(plan, state)
  const weights = edge === null ? null : (state.weights[edge] ?? null)
  return weights === null ? null : Math.round(weights.new)
}

/** Details only: no event, so it may be called at every step. */
export function describe(plan: Plan, state: RunState): void {
  setCurrentDetails(details(plan, state))
}
