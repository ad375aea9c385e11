// One open workflow per real target that a run may change: while it is open, no other run gets that target.
// It does nothing but wait for its holder; the `claim` activity starts, judges and replaces it.
import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow'

/** A run and its chain: `firstRunId` stays the same when the run continues as new. */
export type LockHolder = { service: string; workflowId: string; firstRunId: string }
export type LockMemo = LockHolder & { lock: string }

export const releaseLock = defineSignal<[LockHolder]>('release')
export const lockHolder = defineQuery<LockHolder>('holder')

/** Ends when its holder releases it. Anybody else's release is ignored: it may come late, from a run long gone. */
export async function lock(holder: LockHolder): Promise<void> {
  let isReleased = false
  setHandler(lockHolder, () => holder, { description: 'Which run holds this target' })
  setHandler(
    releaseLock,
    (by) => {
      if (by.workflowId === holder.workflowId && by.firstRunId === holder.firstRunId) isReleased = true
    },
    { description: 'Sent by the holding run when it ends' },
  )
  await condition(() => isReleased)
}
