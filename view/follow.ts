// Follows a run by looking again and again, until something final is seen or the caller has had enough. A view that rests
// on the server alone is never the last one as long as a worker may still tell the whole.
import { setTimeout as wait } from 'node:timers/promises'
import { ServiceError } from '@temporalio/client'
import type { TemporalAccess } from './access.ts'
import type { RunView } from './model.ts'
import { type ReadRun, readRun } from './read.ts'

const LOOK_EVERY_MS = 700 // quick enough for a live view, light enough for a worker with a thousand runs
const RETRY_EVERY_MS = 2_000 // when the server is away
const SERVER_ANSWERS_WITHIN_MS = 5_000 // a person is told that it is away, and it is asked again

export type Follow = {
  service: string
  runId?: string
  signal: AbortSignal
  /** Whether nothing is to be waited for after this view. */
  isLast(view: RunView): boolean
  /** Called after each look, for the last one too. */
  seen(view: RunView): void
  /** The server does not answer; it is asked again. */
  lost(problem: Error): void
  progress(line: string): void
}

/**
 * The last view; undefined when the signal came before it. It is stale only where no worker answered although it was asked
 * for half a minute; then it was not shown.
 */
export async function follow(
  access: TemporalAccess,
  { service, signal, isLast, seen, lost, progress, runId }: Follow,
): Promise<RunView | undefined> {
  let known = runId
  let isPatient = false
  let before: ReadRun | undefined
  while (!signal.aborted) {
    let pause = LOOK_EVERY_MS
    try {
      const serverWithinMs = SERVER_ANSWERS_WITHIN_MS
      const reading = { runId: known, isPatient, progress, serverWithinMs, before }
      before = await readRun(access, service, reading)
      const { view } = before
      known = view.runId // that run and what it continues as, also when another one is started after it
      if (isLast(view) && (view.stale === null || isPatient)) {
        if (view.stale === null) seen(view)
        return view
      }
      isPatient = isLast(view)
      if (isPatient) continue
      seen(view)
    } catch (error) {
      if (!(error instanceof ServiceError) && !isGone(error)) throw error
      lost(error as Error)
      pause = RETRY_EVERY_MS
    }
    await wait(pause, undefined, { signal }).catch(() => undefined) // ended by the signal; the loop looks at it
  }
  return undefined
}

/** A connection error that the client does not wrap. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
}
