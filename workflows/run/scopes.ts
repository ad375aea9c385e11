// Two ways for several waits to share one scope. Everything started in them is awaited: nothing outlives them.
import { CancellationScope, isCancellation } from '@temporalio/workflow'

type Work = () => Promise<void>

/**
 * All of `waits`; `beside` runs as long as they do and is then cancelled. The first failure cancels the rest and is thrown;
 * a cancellation from outside is thrown too, whatever ended meanwhile.
 */
export async function together(waits: Work[], beside: Work | null): Promise<void> {
  const [only, ...more] = waits
  if (only !== undefined && more.length === 0 && beside === null) return await only() // no scope: each costs a holding run memory
  const scope = new CancellationScope({ cancellable: true })
  const end: { over: boolean; failed: { error: unknown } | null } = { over: false, failed: null }
  const part = async (work: Work) => {
    try {
      await work()
    } catch (error) {
      // After the end, cancellations are its echo; before it, the first error is the one that counts.
      if (end.failed === null && !(end.over && isCancellation(error))) end.failed = { error }
      end.over = true
      scope.cancel()
    }
  }
  await scope.run(async () => {
    const besides = beside === null ? null : part(beside)
    await Promise.all(waits.map(part))
    end.over = true
    scope.cancel()
    await besides
  })
  if (end.failed !== null) throw end.failed.error
}

/** Whichever of `works` ends first, in success or failure; the others are cancelled and awaited. */
export async function firstOf(works: Work[]): Promise<void> {
  const scope = new CancellationScope({ cancellable: true })
  const end: { over: boolean; failed: { error: unknown } | null } = { over: false, failed: null }
  const finish = (failed: { error: unknown } | null) => {
    if (!end.over) end.failed = failed
    end.over = true
    scope.cancel()
  }
  await scope.run(() =>
    Promise.all(
      works.map((work) =>
        work().then(
          () => finish(null),
          (error: unknown) => finish({ error }),
        ),
      ),
    ),
  )
  if (end.failed !== null) throw end.failed.error
}
