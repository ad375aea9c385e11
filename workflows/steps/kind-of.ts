// The kind of a step, to be asked what is known of it. Pure.
import type { Outline, PlannedStep, ValueOf } from '../plan.ts'
import type { RunState } from '../run/state.ts'
import type { AnyKind, Reversibility } from './kind.ts'
import { kinds } from './kinds.ts'
import type { StepKind } from './schemas.ts'

type Step = Pick<PlannedStep, 'kind' | 'spec'>

/** Whether this version knows the kind of a step; a plan of a newer one may have others. */
export function isStepKind(kind: string): kind is StepKind {
  return Object.hasOwn(kinds, kind)
}

/** Of a kind that only a newer version knows: nothing. */
export function kindOf({ kind }: Pick<Step, 'kind'>): AnyKind {
  return isStepKind(kind) ? kinds[kind] : UNKNOWN
}

const UNKNOWN: AnyKind = {
  title: () => '',
  connections: {},
  changes: false,
  watched: 'never',
  outline: () => ({ changes: [], back: '', shortestMs: 0, longestMs: null, decides: null }),
}

export function outline(step: Step, seen: ValueOf): Outline {
  return kindOf(step).outline(step.spec, seen)
}

/** `state` null: before the run. */
export function reversibility(step: Step, state: RunState | null): Reversibility {
  return kindOf(step).reversibility?.(step.spec, state) ?? { is: 'reversible' }
}

/** Null: it can be taken back. */
export function whyIrreversible(step: Step, state: RunState | null): string | null {
  const now = reversibility(step, state)
  return now.is === 'irreversible' ? now.because : null
}
