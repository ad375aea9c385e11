// Follows a run by looking again and again, until something final is seen or the caller has had enough.
import { setTimeout as wait } from 'node:timers/promises'
import { ServiceError } from '@temporalio/client'
import type { TemporalAccess } from '../command.ts'
import type { RunView } from '../view/model.ts'
import { readRun } from './read.ts'

const LOOK_EVERY_MS = 700 // quick enough for a live view, light enough for a worker with a thousand runs
const RETRY_EVERY_MS = 2_000 // when the server is away

export type Follow = {
  service: string
  runId?: string
  signal: AbortSignal
  /** Called after each look; true = enough. */
  seen(view: RunView): boolean
  /** The server does not answer; it is asked again. */
  lost(problem: Error): void
}

/** The last view; undefined when the signal came before there was one. */
export async function follow(
  access: TemporalAccess,
  { service, signal, seen, lost, runId }: Follow,
): Promise<RunView | undefined> {
  let last: RunView | undefined
  let known = runId
  while (!signal.aborted) {
    let pause = LOOK_EVERY_MS
    try {
      const { view } = await readRun(access, service, known)
      last = view
      known = view.runId // that run and what it continues as, also when another one is started after it
      if (seen(view)) return view
    } catch (error) {
      if (!(error instanceof ServiceError) && !isGone(error)) throw error
      lost(error as Error)
      pause = RETRY_EVERY_MS
    }
    await wait(pause, undefined, { signal }).catch(() => undefined) // ended by the signal; the loop looks at it
  }
  return last
}

/** A connection error that the client does not wrap. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
}
