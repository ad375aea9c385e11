// A plan over the world as it is: looked at, tried, and with what was found in its digest. Shared by `plan` and `start`.
import type { Plan } from '../../workflows/plan.ts'
import type { Survey } from '../../workflows/survey.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { foundIn, withFound } from './resolve.ts'
import { survey } from './survey.ts'

export type Review = { plan: Plan; survey: Survey }

export async function review(
  runbook: Plan,
  through: { access: TemporalAccess; signal: AbortSignal },
): Promise<Review> {
  const surveyed = await survey({ plan: runbook, ...through })
  return { plan: withFound(runbook, foundIn(surveyed.looks)), survey: surveyed }
}
