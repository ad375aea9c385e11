// Waiting for a condition with a deadline, the only way the lab waits for anything.
const LOOK_MS = 20 // often enough that waiting adds nothing one would notice
const DEADLINE_MS = 15_000 // a server that needs longer on an idle machine is broken

type Falsy = false | 0 | '' | null | undefined

/** Thrown by a look that knows waiting on is pointless: ends the wait at once. */
export class Hopeless extends Error {}

/** Resolves once `look` returns something truthy; its last error or answer is in the message when time is up. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, Falsy>> {
  const end = Date.now() + deadlineMs
  let last: unknown = 'nothing yet'
  for (;;) {
    try {
      const answer = await within(end - Date.now(), look)
      if (answer) return answer as Exclude<T, Falsy>
      last = answer
    } catch (error) {
      if (error instanceof Hopeless) throw error
      last = error
    }
    if (Date.now() > end) {
      const cause = last instanceof Error ? { cause: last } : {}
      throw new Error(`${what}: not so after ${deadlineMs} ms; last: ${String(last)}`, cause)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** A look that never answers must not outlast the deadline: something may listen there and say nothing. */
async function within<T>(milliseconds: number, look: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), Math.max(milliseconds, LOOK_MS))
  })
  try {
    return await Promise.race([look(), tooLate])
  } finally {
    clearTimeout(timer)
  }
}
