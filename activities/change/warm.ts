// Warms caches: requests URLs in turns at a bounded rate. A URL that fails is counted, never raised.
// Progress travels in the heartbeat, so that another worker goes on where this one died.
import { Context } from '@temporalio/activity'
import type { WarmInput, Warmed } from '../../workflows/activities.ts'

const REQUEST_MS_MAX = 4_000 // a cold page may be slow; a hanging one must not hold up the others
const HEARTBEAT_EVERY_MS = 1_000 // well within the heartbeat time-out of 10 s

export async function warmUp(fetch: typeof globalThis.fetch, input: WarmInput): Promise<Warmed> {
  const context = Context.current()
  const total = input.urls.length * input.rounds
  const pauseMs = 1_000 / input.perSecond
  let done = progressOf(context.info.heartbeatDetails)
  while (done.requests < total) {
    const startedAt = performance.now()
    const url = input.urls[done.requests % input.urls.length] as string
    const isGood = await requested(fetch, url, context.cancellationSignal)
    done = { requests: done.requests + 1, failed: done.failed + (isGood ? 0 : 1) }
    context.heartbeat(done)
    if (done.requests < total) await pause(pauseMs - (performance.now() - startedAt), done)
  }
  return done
}

/** A slow rate must not look like a dead worker: the pause heartbeats too. */
async function pause(ms: number, done: Warmed): Promise<void> {
  const context = Context.current()
  for (let restMs = ms; restMs > 0; restMs -= HEARTBEAT_EVERY_MS) {
    await context.sleep(Math.min(restMs, HEARTBEAT_EVERY_MS))
    context.heartbeat(done)
  }
}

async function requested(
  fetch: typeof globalThis.fetch,
  url: string,
  cancellation: AbortSignal,
): Promise<boolean> {
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(REQUEST_MS_MAX), cancellation])
    const response = await fetch(url, { signal, redirect: 'manual' })
    await response.arrayBuffer() // read to its end: that is what fills a cache, and it frees the connection
    return response.status < 400
  } catch {
    if (cancellation.aborted) throw cancellation.reason
    return false // counted; a prewarm that fails must not fail the run
  }
}

function progressOf(details: unknown): Warmed {
  if (typeof details !== 'object' || details === null) return { requests: 0, failed: 0 }
  const { requests, failed } = details as Partial<Warmed>
  return typeof requests === 'number' && typeof failed === 'number'
    ? { requests, failed }
    : { requests: 0, failed: 0 }
}
