// What a survey has brought, as plans are made of it.
import type { Looked } from '../../workflows/survey.ts'
import type { TrialResult } from '../../workflows/trial.ts'

/** Both empty = offline. */
export type Surveyed = { looks: readonly Looked[]; trials: readonly TrialResult[] }
