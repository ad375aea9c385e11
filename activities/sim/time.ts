// Time passing: everything that happens by itself between two calls (instances get ready, caches run out, late writes land)
// is made up for, in order, when somebody looks. No timers: a clock that jumps a week is as good as one that ticks.
import { land, landElsewhere } from './cells.ts'
import { readyMoments } from './capacity.ts'
import { nextSync, sync } from './reconcilers.ts'
import { renewCaches, staleMoments } from './resolvers.ts'
import { SIDES, type WorldState } from './state.ts'
import { turn } from './timeline.ts'
import { ratesNow } from './traffic.ts'

/** Brings the world to the clock's now and returns that moment. A clock that goes back is taken to stand still. */
export function advance(state: WorldState): number {
  const now = Math.max(state.clock.now(), state.cursor)
  for (;;) {
    const due = state.late.toSorted((a, b) => a.at - b.at).find((write) => write.at <= now)
    const put = nextSync(state, due?.at ?? now)
    passUntil(state, Math.max(put?.at ?? due?.at ?? now, state.cursor))
    if (put !== undefined) {
      sync(state, put)
      touched(state)
      continue
    }
    if (due === undefined) return now
    state.late.splice(state.late.indexOf(due), 1)
    const isFree = due.basedOn === null || state.cells.get(due.cellKey)?.version === due.basedOn
    if (due.place !== undefined) landElsewhere(state, due.place, due)
    else if (isFree) land(state, due)
    touched(state)
  }
}

/** Something changed at the present moment: from here on other rates hold. */
export function touched(state: WorldState): void {
  turn(state.timeline, state.cursor, ratesNow(state, state.cursor))
}

/** Nothing is written in this span, so its events do not depend on each other. */
function passUntil(state: WorldState, to: number): void {
  const ready = SIDES.flatMap((side) => readyMoments(state.fleets[side], { from: state.cursor, to }))
  const events = [...staleMoments(state, to), ...ready.map((at) => ({ at, refresh: undefined }))]
  for (const event of events.sort((a, b) => a.at - b.at)) {
    state.cursor = Math.max(state.cursor, event.at)
    event.refresh?.()
    turn(state.timeline, state.cursor, ratesNow(state, state.cursor))
  }
  renewCaches(state, to)
  state.cursor = to
}
