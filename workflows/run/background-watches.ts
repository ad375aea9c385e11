// Looks while a run turns back. Cancelling one makes an event and a workflow task in the very moment in which traffic is to
// be restored, so a run that goes back leaves its looks alone until that is done; a run that ends takes them with it.
import { CancellationScope } from '@temporalio/workflow'
import type { Run } from './run.ts'

/** A watch or a proof: ends with the scope it is asked in, like anything else, but is not cancelled when that goes back. */
export async function looking<T>(run: Run, look: () => Promise<T>): Promise<T> {
  const asking = CancellationScope.current()
  const scope = new CancellationScope({ cancellable: true, parent: run.looks })
  try {
    return await Promise.race([scope.run(look), asking.cancelRequested])
  } catch (error) {
    if (asking.consideredCancelled && run.state.reason === null) scope.cancel()
    throw error
  }
}

/** For a way back that takes longer: what was left alone would go on asking the metrics for nobody. */
export function stopLooking(run: Run): void {
  run.looks.cancel()
}
