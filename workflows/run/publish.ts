// What the Temporal server shows of a run without asking a worker: search attributes (only when changed) and details.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import { presentWeights } from '../edges.ts'
import { attributes } from '../messages.ts'
import type { Plan } from '../plan.ts'
import { details } from './details.ts'
import type { RunState } from './state.ts'

type Published = NonNullable<RunState['published']>

/** Each upsert is an event: one for all attributes, and none when nothing changed. */
export function publish(plan: Plan, state: RunState): void {
  describe(plan, state)
  const weights = presentWeights(plan, state)
  const now: Published = {
    phase: state.phase,
    gate: state.gates[0]?.id ?? '',
    weight: weights === null ? null : Math.round(weights.new),
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

/** Details only: no event, so it may be called at every step. */
export function describe(plan: Plan, state: RunState): void {
  setCurrentDetails(details(plan, state))
}
