// What is being waited for, on standard error: one line that is redrawn on a terminal, a line now and then elsewhere.
// Silent for the first second, and gone without a trace when the wait is over.

const FIRST_AFTER_MS = 1_000 // what is over sooner needs no words
const REDRAW_EVERY_MS = 1_000
const LINE_AFTER_MS = 10_000 // a log wants to know that something hangs, not how it counts
const CLEAR_LINE = '\r\u001b[K'

export type Place = Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; columns?: number }

/** Runs `work` and says meanwhile what it waits for, and how long it has. `what` is asked anew each time. */
export async function withProgress<T>(
  what: () => string,
  work: () => Promise<T>,
  stderr: Place = process.stderr,
): Promise<T> {
  const startedAt = Date.now()
  const isLive = stderr.isTTY === true
  let isShown = false
  let linesSaid = 0
  const say = (): void => {
    const passedMs = Date.now() - startedAt
    if (passedMs < FIRST_AFTER_MS) return
    const text = `${what()} (${Math.floor(passedMs / 1_000)} s)`
    if (isLive) {
      isShown = true
      stderr.write(`${CLEAR_LINE}${text.slice(0, Math.max(20, (stderr.columns || 80) - 1))}`)
    } else if (passedMs >= (linesSaid + 1) * LINE_AFTER_MS) {
      linesSaid++
      stderr.write(`${text}\n`)
    }
  }
  const timer = setInterval(say, REDRAW_EVERY_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    if (isShown) stderr.write(CLEAR_LINE)
  }
}
