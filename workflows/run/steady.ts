// When evidence that was missing counts as back. Pure.
import type { Subject } from '../watched/index.ts'

const QUICK_RETURNS = 3 // evidence that comes back so often is believed at once
const STEADY_MS_MIN = 300_000 // then for five minutes, and each time for twice as long
const STEADY_MS_MAX = 6 * 3_600_000 // a month of it is some 120 questions more

/** Evidence that keeps coming and going must not wake people each time: the question stays open until it is steady. */
export function steadyMsAfter(returns: number): number {
  return returns < QUICK_RETURNS ? 0 : Math.min(STEADY_MS_MIN * 2 ** (returns - QUICK_RETURNS), STEADY_MS_MAX)
}

/** The subject with as many good looks demanded as that time needs. */
export function steady(subject: Subject, steadyMs: number): Subject {
  const { enough, everyMs } = subject
  if (!('good' in enough)) return subject
  return { ...subject, enough: { good: Math.max(1, enough.good, Math.ceil(steadyMs / everyMs)) } }
}
