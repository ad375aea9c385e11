// A plan over the world as it is: looked at, tried, and with what was found in its digest. Shared by `plan` and `start`.
import type { ProviderSpec } from '../../activities/provider.ts'
import type { Plan } from '../../workflows/plan.ts'
import type { Survey } from '../../workflows/survey.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { claimsOf } from '../terraform/declared.ts'
import type { State } from '../terraform/state.ts'
import { foundIn, withFound } from './resolve.ts'
import { survey } from './survey.ts'
import type { Surveyed } from './surveyed.ts'

export type Review = { plan: Plan; survey: Survey & Surveyed }

type Through = {
  access: TemporalAccess
  signal: AbortSignal
  /** What Terraform manages, by the states that the runbook names. */
  states: readonly State[]
  specs: readonly ProviderSpec[]
}

export async function review(runbook: Plan, { access, signal, states, specs }: Through): Promise<Review> {
  const surveyed = await survey({ plan: runbook, access, signal })
  const claims = claimsOf(runbook, { states, looks: surveyed.looks, specs })
  return { plan: withFound(runbook, foundIn(surveyed.looks)), survey: { ...surveyed, claims } }
}
