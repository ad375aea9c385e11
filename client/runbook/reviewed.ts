// Plans that people reviewed, remembered by the server as surveys: a digest cannot be inverted, so the plan it names is
// looked for among them. Read only to say what has changed since; forgotten with the namespace's retention.
import type { Client } from '@temporalio/client'
import type { Plan } from '../../workflows/plan.ts'
import type { Survey, SurveyInput } from '../../workflows/survey.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { withProgress } from '../output/progress.ts'
import { decodeAll } from '../../view/decode.ts'
import { firstEvent, lastEvent } from '../../view/events.ts'
import { type Changed, changedSince } from './changed.ts'
import { foundIn, withFound } from './resolve.ts'
import { surveyIdsOf } from './survey.ts'

const SURVEYS_MAX = 100 // newest first; who has planned more often since has reviewed a newer one

/** `runbook`: the digest is that of a runbook alone, as `plan --offline` gives it. */
export type Reviewed = { plan: Plan; at: Date; of: 'world' | 'runbook' }

/** The reviewed plan whose digest begins so, or null: never made on this server, or forgotten. */
export async function findReviewed(
  access: TemporalAccess,
  { service, digest }: { service: string; digest: string },
): Promise<Reviewed | null> {
  const { client } = access
  const query = `WorkflowType = "survey" AND WorkflowId STARTS_WITH ${JSON.stringify(surveyIdsOf(service))} AND ExecutionStatus = "Completed"`
  let seen = 0
  return await withProgress(
    () => `looking for the reviewed plan among ${seen} earlier ones`,
    async () => {
      for await (const { workflowId, runId, startTime } of client.workflow.list({ query })) {
        if (++seen > SURVEYS_MAX) break
        const plan = await surveyedPlan(client, { workflowId, runId })
        if (plan === null) continue
        if (plan.whole.digest.startsWith(digest))
          return { plan: plan.whole, at: startTime, of: 'world' as const }
        if (plan.bare.digest.startsWith(digest))
          return { plan: plan.bare, at: startTime, of: 'runbook' as const }
      }
      return null
    },
  )
}

/** What makes the present plan another one than the reviewed one. */
export function changedSinceReview({ plan, of }: Reviewed, present: Plan): Changed[] {
  return changedSince(plan, of === 'world' ? present : { ...present, found: [] })
}

async function surveyedPlan(
  client: Client,
  survey: { workflowId: string; runId: string },
): Promise<{ whole: Plan; bare: Plan } | null> {
  const [first, last] = await Promise.all([firstEvent(client, survey), lastEvent(client, survey)])
  const started = first?.workflowExecutionStartedEventAttributes
  const ended = last?.workflowExecutionCompletedEventAttributes
  const [input] = (await decodeAll(client, started?.input?.payloads)) as [SurveyInput?]
  const [result] = (await decodeAll(client, ended?.result?.payloads)) as [Survey?]
  if (input?.plan === undefined || result?.looks === undefined) return null // made by an older version
  return { whole: withFound(input.plan, foundIn(result.looks)), bare: input.plan }
}
