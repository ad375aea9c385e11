// The floor as a workflow: one signal, then one otherwise empty activity that makes the raw write. Nothing of the engine.
import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow'
import type { FloorActivities, RawWrite } from './floor.ts'

const { write } = proxyActivities<FloorActivities>({ startToCloseTimeout: '5s' })

export async function floor(raw: RawWrite): Promise<void> {
  let isAsked = false
  setHandler(defineSignal('go'), () => {
    isAsked = true
  })
  await condition(() => isAsked)
  await write(raw)
}
