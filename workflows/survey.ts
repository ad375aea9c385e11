// A read-only workflow: looks at targets through the worker, for `cutover plan`. Changes nothing.
import { ApplicationFailure, ActivityFailure, proxyActivities } from '@temporalio/workflow'
import type { ChangeActivities } from './activities.ts'
import { TASK_QUEUE } from './activities.ts'
import type { PlannedConnection } from './plan.ts'
import type { Observed } from './ports/target.ts'

const { observe } = proxyActivities<ChangeActivities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '5s', // one call each, with a 4 s I/O deadline inside
  retry: { maximumAttempts: 3 }, // a person waits for the answer
})

export type SurveyInput = { targets: { connection: PlannedConnection; target: string }[] }
export type Survey = {
  connection: string
  target: string
  observed: Observed | null
  problem: string | null
}[]

/** What each target is now, or why it could not be looked at. */
export async function survey({ targets }: SurveyInput): Promise<Survey> {
  return await Promise.all(
    targets.map(async ({ connection, target }) => {
      const found = { connection: connection.name, target }
      try {
        return { ...found, observed: await observe({ connection, target }), problem: null }
      } catch (error) {
        const cause = error instanceof ActivityFailure ? error.cause : error
        const kind = cause instanceof ApplicationFailure ? `${cause.type}: ` : ''
        return {
          ...found,
          observed: null,
          problem: kind + (cause instanceof Error ? cause.message : String(cause)),
        }
      }
    }),
  )
}
