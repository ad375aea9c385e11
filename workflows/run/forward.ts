// Going forward: one cancellable scope around all steps, ended by whatever comes first.
import { CancellationScope, TemporalFailure, isCancellation } from '@temporalio/workflow'
import { isCarried, isRenewal, renewing } from './renewal.ts'
import { type Run, checkpoint, sendBack } from './run.ts'
import type { Reason } from './state.ts'

export type Ended = { ok: true } | { ok: false; reason: Reason } | { ok: 'renewed' }

/** Carries out `body` until it is done or anything ends it: abort, cancel, breach, failure. The first reason wins. */
export async function forward(run: Run, body: () => Promise<void>): Promise<Ended> {
  const { reason, unwindingSince } = run.state
  if (reason !== null && unwindingSince !== null) return { ok: false, reason } // renewed on its way back: it goes on there
  const scope = new CancellationScope({ cancellable: true })
  run.now.forwardScope = scope
  try {
    checkpoint(run) // an abort may have come before the first task
    await scope.run(() => renewing(run, body))
  } catch (error) {
    if (run.state.reason === null && !isRenewal(run, error)) sendBack(run, unexpected(error))
  } finally {
    run.now.forwardScope = null
  }
  if (await isCarried(run)) return { ok: 'renewed' }
  run.state.gates = run.state.gates.filter(({ carried }) => carried === undefined) // open before a renewal, and not come to since
  // A reason that came in while the last await was resolving counts: abort outranks everything.
  return run.state.reason === null ? { ok: true } : { ok: false, reason: run.state.reason }
}

/** Steps judge their own failures; whatever escapes them still must not end the run without the way back. */
function unexpected(error: unknown): Reason {
  if (!isCancellation(error) && !(error instanceof TemporalFailure)) throw error // a bug fails the workflow task: mended by a deploy
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'failure', step: 'the run', failure: 'Bug', message, at: Date.now() }
}
