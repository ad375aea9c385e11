// Starts, moves and ends the expiry of a suspension: a workflow by the name of what is suspended, which needs the run no more.
import type { Client } from '@temporalio/client'
import { WorkflowNotFoundError } from '@temporalio/client'
import type { ExpiryInput } from '../../workflows/activities.ts'
import { TASK_QUEUE } from '../../workflows/activities.ts'
import type { Io } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'
import { idOf } from './claim.ts'

const EXPIRY_ID_PREFIX = 'cutover-expiry/'
const EXPIRY_TYPE = 'expiry'
const SIGNAL = 'expires'

export function expiryIdOf(key: string): string {
  return idOf(EXPIRY_ID_PREFIX, key)
}

/** Safe to repeat: one of a name, and what is said twice is said once. Raises `Unavailable`. */
export async function expire(client: Client, input: ExpiryInput, io: Io): Promise<void> {
  const workflowId = expiryIdOf(input.key)
  try {
    await client.withAbortSignal(io.signal, async () => {
      if (input.until === null) return await client.workflow.getHandle(workflowId).signal(SIGNAL, input)
      await client.workflow.signalWithStart(EXPIRY_TYPE, {
        workflowId,
        taskQueue: TASK_QUEUE,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: `${input.connection.name} is suspended by the run of ${input.service}`.slice(0, 200),
        args: [],
        signal: SIGNAL,
        signalArgs: [input],
      })
    })
  } catch (error) {
    if (input.until === null && error instanceof WorkflowNotFoundError) return
    const words = error instanceof Error ? error.message : String(error)
    throw failure('Unavailable', `the expiry of a suspension on the Temporal server: ${words}`, {
      cause: error,
    })
  }
}
