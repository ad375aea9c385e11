// Small workflows that do nothing but look: the activities of a watch under real retries, without the engine around them.
import { proxyActivities, sleep } from '@temporalio/workflow'
import type { ConfirmInput, WatchActivities, WatchInput, WatchResult } from '../../workflows/activities.ts'
import { WATCH_QUEUE } from '../../workflows/activities.ts'
import type { Confirmation } from '../../workflows/ports/target.ts'

const { watch, confirm } = proxyActivities<WatchActivities>({
  taskQueue: WATCH_QUEUE,
  startToCloseTimeout: '5s',
  retry: { initialInterval: '1h', backoffCoefficient: 1, maximumInterval: '1h' }, // never used: the activity says when
})

/** Times relative to the workflow's clock, as the engine gives them. */
export async function watching(
  input: WatchInput,
  openAfterMs: number | null,
  limitAfterMs: number | null,
): Promise<WatchResult> {
  return await watch({ ...input, deadline: later(openAfterMs), limit: later(limitAfterMs) })
}

function later(ms: number | null): number | null {
  return ms === null ? null : Date.now() + ms
}

export async function confirming(input: ConfirmInput): Promise<Confirmation> {
  return await confirm(input)
}

/** A run that holds locks, as far as locks can tell. */
export async function holding(): Promise<void> {
  await sleep('1h')
}
