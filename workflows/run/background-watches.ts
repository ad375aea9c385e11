// Watches and proofs that are under way when a run turns back. The engine does not cancel them at that moment: each cancellation
// costs an event and a workflow task, and the traffic must be restored first. It cancels them after the first restoration; a run
// that ends takes them with it.
import { CancellationScope } from '@temporalio/workflow'
import type { Run } from './run.ts'

/**
 * Runs a watch or a proof. The caller stops waiting for it when its own scope is cancelled. The activity itself is cancelled only
 * if the run is not going back.
 */
export async function inBackground<T>(run: Run, look: () => Promise<T>): Promise<T> {
  if (run.undo !== null) return await look() // the others are over when a step is taken back
  const asking = CancellationScope.current()
  const scope = new CancellationScope({ cancellable: true, parent: run.looks })
  try {
    return await Promise.race([scope.run(look), asking.cancelRequested])
  } catch (error) {
    if (asking.consideredCancelled && run.state.reason === null) scope.cancel()
    throw error
  }
}

/** Cancels them. A way back that takes longer would otherwise leave them asking the metrics for nobody. */
export function stopWatches(run: Run): void {
  run.looks.cancel()
}
