// What a survey has brought, as plans are made of it.
import type { TargetLook } from '../../workflows/survey.ts'
import type { TrialResult } from '../../workflows/trial.ts'

/** Both empty = offline. */
export type Surveyed = { looks: readonly TargetLook[]; trials: readonly TrialResult[] }
