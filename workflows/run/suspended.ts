// Who is suspended by a run at this moment, and what has to be declared before they go on. Pure: from state alone, so that the Temporal
// UI and every view say the same.
import { matches } from '../json.ts'
import type { RunState, Suspension } from './state.ts'

/** Those whose last known value is that of the run. */
export function suspendedIn({ suspensions = [], changes, restorations, phase }: RunState): Suspension[] {
  return suspensions.filter((of) => {
    const last = changes.findLast(({ connection }) => connection === of.connection)
    const isBack = restorations.some(
      ({ connection, status }) => connection === of.connection && status === 'restored',
    )
    const isOurs = last !== undefined && last.status !== 'noop' && matches(last.desired, { suspended: true })
    return isOurs && !isBack && phase !== 'ended'
  })
}

/** None while the run goes back: declared then, it would be what the way back has to undo. */
export function declaredIn({ declare = [], reason }: RunState): NonNullable<RunState['declare']> {
  return reason === null ? declare : []
}
