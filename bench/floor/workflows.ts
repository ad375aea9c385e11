// The floor as a workflow: one signal, then one otherwise empty activity that makes the raw write. Nothing of the engine.
import { CancellationScope, condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow'
import type { FloorActivities, RawWrite } from './floor.ts'

const { write } = proxyActivities<FloorActivities>({ startToCloseTimeout: '5s' })

/** `lookEveryMs`: a watch by retry beside the wait, as a holding run has one; null = none. */
export async function floor(raw: RawWrite, lookEveryMs: number | null): Promise<void> {
  let isAsked = false
  setHandler(defineSignal('go'), () => {
    isAsked = true
  })
  const watch = new CancellationScope()
  if (lookEveryMs !== null) watch.run(() => looks(lookEveryMs)).catch(() => {}) // ends with the wait
  await condition(() => isAsked)
  watch.cancel()
  await write(raw)
}

async function looks(everyMs: number): Promise<void> {
  const { look } = proxyActivities<FloorActivities>({
    startToCloseTimeout: '5s',
    cancellationType: 'TRY_CANCEL',
    retry: { initialInterval: everyMs, backoffCoefficient: 1 },
  })
  await look()
}
