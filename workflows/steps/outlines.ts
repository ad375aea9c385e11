// The step kinds, plan half: what each is going to change, how long it takes, how it goes back. Pure; used by CLI and engine.
import type { Outline, PlannedStep, Seen } from '../plan.ts'
import { outlineAnnounce } from './announce/outline.ts'
import { outlineApprove } from './approve/outline.ts'
import { outlineCanary } from './canary/outline.ts'
import { outlineCheck } from './check/outline.ts'
import { outlineDecommission } from './decommission/outline.ts'
import { outlineHold } from './hold/outline.ts'
import { outlinePrewarm } from './prewarm/outline.ts'
import { outlineRepoint } from './repoint/outline.ts'
import { outlineShadow } from './shadow/outline.ts'
import { outlineSwitch } from './switch/outline.ts'
import { outlineTtl } from './ttl/outline.ts'
import type { StepKind } from './schemas.ts'

type Outlines = { [K in StepKind]: (step: PlannedStep<K>, seen: Seen) => Outline }

const outlines: Outlines = {
  announce: outlineAnnounce,
  check: outlineCheck,
  prewarm: outlinePrewarm,
  ttl: outlineTtl,
  approve: outlineApprove,
  shadow: outlineShadow,
  canary: outlineCanary,
  switch: outlineSwitch,
  repoint: outlineRepoint,
  hold: outlineHold,
  decommission: outlineDecommission,
}

/** Whether this version knows the kind of a step; a plan of a newer one may have others. */
export function isStepKind(kind: string): kind is StepKind {
  return Object.hasOwn(outlines, kind)
}

export function outline(step: PlannedStep, seen: Seen): Outline {
  return (outlines[step.kind] as (step: PlannedStep, seen: Seen) => Outline)(step, seen)
}
