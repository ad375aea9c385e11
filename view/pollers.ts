// Whether somebody serves the task queue. The server lists who polled within five minutes, the dead among them.
import { TASK_QUEUE } from '../workflows/activities.ts'
import type { TemporalAccess } from './access.ts'
import { SERVER_ANSWERS_WITHIN_MS } from './events.ts'
import { msOf } from './decode.ts'
import { RunTrouble } from './trouble.ts'

const POLLER_ALIVE_MS = 90_000 // a poll lasts at most 60 s; who has not polled for longer is gone
const WORKFLOW_QUEUE = 1 // temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW

/** Fails when nobody does: what is put into a queue without a worker is waited for in vain. */
export async function demandWorker(access: TemporalAccess, what: string): Promise<void> {
  const agesMs = await pollAges(access)
  if (agesMs.some(isAlive)) return
  const why = `no worker serves the task queue ${TASK_QUEUE} of namespace ${access.namespace} at ${access.address}; ${lastOf(agesMs)}`
  throw new RunTrouble({ code: 'no-worker', taskQueue: TASK_QUEUE }, { what, why })
}

/** How many live workers serve the queue. */
export async function livePollers(access: TemporalAccess): Promise<number> {
  return (await pollAges(access)).filter(isAlive).length
}

/** `the last one was heard of 45 s ago` */
export async function lastPoll(access: TemporalAccess): Promise<string> {
  return lastOf(await pollAges(access))
}

function lastOf(agesMs: number[]): string {
  if (agesMs.length === 0) return 'none was heard of in the last minutes'
  return `the last one was heard of ${Math.round(Math.min(...agesMs) / 1_000)} s ago`
}

function isAlive(ageMs: number): boolean {
  return ageMs < POLLER_ALIVE_MS
}

async function pollAges({ client, namespace }: TemporalAccess): Promise<number[]> {
  const { pollers } = await client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: TASK_QUEUE },
      taskQueueType: WORKFLOW_QUEUE,
    }),
  )
  return (pollers ?? []).map(({ lastAccessTime }) => Date.now() - (msOf(lastAccessTime) ?? 0))
}
