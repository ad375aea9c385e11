// A pause that a person asks for: nothing new is begun until it is over. Pure; the wait is in resumed.ts.
import type { Decision, RunState } from './state.ts'

/** Why it cannot be paused or resumed, in words; null = it can. Pure. */
export function refusalOfPause(state: RunState, { verdict, gate }: Decision): string | null {
  if (gate !== null) return `${verdict} is about the whole run: leave the gate out`
  if (state.reason !== null) return `the run is going back: it cannot be ${verdict}d`
  const { paused } = state
  if (verdict === 'pause') return paused === null ? null : `the run was already paused by ${paused.actor}`
  return paused === null ? 'the run is not paused' : null
}

/** Pure. */
export function pause(state: RunState, { verdict, actor, reason }: Decision, at: number): void {
  state.paused = verdict === 'pause' ? { actor, reason, at } : null
}
