// How long evidence that was lost must be good again before it counts as back. Pure.
import type { Subject } from '../activities.ts'
import { everyMsOf } from './guarding.ts'

const QUICK_RETURNS = 3 // evidence that comes back so often is believed at once
const STEADY_MS_MIN = 300_000 // then for five minutes, and each time for twice as long
const STEADY_MS_MAX = 6 * 3_600_000 // a month of it is some 120 questions more

/** Evidence that keeps coming and going must not wake people each time: the question stays open until it is steady. */
export function steadyMsAfter(returns: number): number {
  return returns < QUICK_RETURNS ? 0 : Math.min(STEADY_MS_MIN * 2 ** (returns - QUICK_RETURNS), STEADY_MS_MAX)
}

export function steady(subject: Subject, steadyMs: number): Subject {
  if (subject.what === 'proof' || steadyMs === 0) return subject
  return { ...subject, good: Math.max(subject.good, Math.ceil(steadyMs / everyMsOf([subject]))) }
}
