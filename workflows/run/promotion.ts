// A hold whose time a person ends: what remains are its checks and proofs. Pure; waits follow by until-moment.ts and looks.ts.
import type { Decision, RunState } from './state.ts'

const OVER = 0 // before every moment, by whichever clock: the one of a worker that replays may show another time

/** Why the time of the hold cannot be ended, in words; null = it can. */
export function refusalOfPromotion(state: RunState, { gate }: Decision): string | null {
  if (gate !== null) return 'promote is about the hold in progress: leave the gate out'
  if (state.reason !== null) return 'the run is going back already: nothing is held'
  const { holding } = state
  if (holding === null) return 'nothing is held now, so there is no time to end'
  if (holding.until === null)
    return `${holding.title} waits for no time any more, but for ${holding.waitsFor || 'its checks'}`
  return null
}

/** Ends the time part; the limit of what remains stays where it was. */
export function promote(state: RunState): void {
  const { holding } = state
  if (holding === null) return
  holding.until = null
  state.deadlines[holding.key] = OVER
  state.adjustments += 1
}
