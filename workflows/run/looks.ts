// Looks: the watches and proofs under way. When a run turns back the engine does not cancel them at that moment: each cancellation
// costs an event and a workflow task, and the traffic must be restored first. It cancels them after the first restoration; a run
// that ends takes them with it. When a person changes their times or limits they begin anew with what they have counted.
import { CancellationScope, workflowInfo } from '@temporalio/workflow'
import { calls } from './calls.ts'
import { keepNewest, leaveUnread } from './evidence.ts'
import { failedWith } from './failures.ts'
import { recalled, takeUp } from './renewal.ts'
import { recounted } from './retuning.ts'
import { type Look, type Run, hear, stepOf } from './run.ts'

/**
 * Carries out `look`, a watch or a proof that reads its times and limits when it begins, until nothing was changed while it lasted.
 * The caller stops waiting for it when its own scope is cancelled. The activity itself is cancelled only if the run is not going back.
 */
export async function inBackground<T>(run: Run, name: string | null, look: () => Promise<T>): Promise<T> {
  if (run.undo !== null) return await look() // the others are over when a step is taken back
  const asking = CancellationScope.current()
  for (;;) {
    const known = run.state.adjustments
    const scope = new CancellationScope({ cancellable: true, parent: run.looks })
    const begun: Look = { name, limits: run.state.limits, scope }
    run.looking.add(begun)
    try {
      const result = await Promise.race([scope.run(look), asking.cancelRequested])
      if (run.state.adjustments === known) return result // else it was found under the old ones
    } catch (error) {
      if (asking.consideredCancelled && run.state.reason === null) scope.cancel()
      if (asking.consideredCancelled || run.state.adjustments === known) throw error
    } finally {
      run.looking.delete(begun)
    }
  }
}

/**
 * After a change of times or limits. What the looks have counted is read from the server before they are ended; at most the check of
 * that very moment is lost.
 */
export async function beginLooksAnew(run: Run): Promise<void> {
  const begun = [...run.looking]
  if (begun.length === 0) return
  run.now.adjusting += 1
  try {
    const memories = await run.looks.run(() => recalled(run)) // where no cancel of the workflow reaches it
    for (const { name, limits, scope } of begun.filter((each) => run.looking.has(each))) {
      const memory = name === null ? undefined : memories[name]
      if (name !== null) delete run.state.memories[name] // what an earlier history had counted is in it, or lost with it
      if (name !== null && memory !== undefined)
        takeUp(run, name, recounted(memory, { from: limits, to: run.state.limits }))
      scope.cancel()
    }
  } finally {
    run.now.adjusting -= 1
  }
}

/** Cancels them. A way back that takes longer would otherwise leave them asking the metrics for nobody. */
export function stopLooks(run: Run): void {
  if (run.now.stopping !== null) return
  if ((run.cut ?? []).length === 0) return run.looks.cancel()
  run.now.stopping = keepCut(run, calls.recallCut).finally(() => run.looks.cancel()) // the server forgets it with them
}

/** A watch has ended without a result: that it was there is kept, and, of a run that goes back, what it had read last. */
export function cutShort(run: Run, name: string | null, subjects: { name: string }[]): void {
  leaveUnread(run.state, stepOf(run).id, subjects)
  if (run.state.reason !== null && name !== null) run.cut?.push(name)
}

/** In the last task of a run: those that nobody had to cancel. */
export async function keepLastReadings(run: Run): Promise<void> {
  await (run.now.stopping ?? keepCut(run, calls.recallAtEnd))
}

/** What watches that were cut had read last, from their heartbeats. For people alone: without it a run goes back as well. */
async function keepCut(run: Run, recall: typeof calls.recallCut): Promise<void> {
  const names = run.cut?.splice(0) ?? []
  if (names.length === 0) return
  try {
    const { workflowId, runId } = workflowInfo()
    const memories = await recall({ workflowId, runId })
    for (const name of names) keepNewest(run.state, memories[name])
  } catch (error) {
    hear(run, `what was read last could not be kept: ${failedWith(error).message}`)
  }
}
