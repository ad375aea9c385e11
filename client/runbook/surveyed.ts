// What a survey has brought, as plans are made of it.
import type { Claim } from '../terraform/declared.ts'
import type { TargetLook } from '../../workflows/survey.ts'
import type { TrialResult } from '../../workflows/trial.ts'

/** Looks and trials empty = offline. `claims`: which targets Terraform manages, by the states that the plan names; left out = it names none. */
export type Surveyed = {
  looks: readonly TargetLook[]
  trials: readonly TrialResult[]
  claims?: readonly Claim[]
}
