// Exit codes: the closed list that scripts rely on, and which of them the outcome of a run is.
import type { RunView } from '../view/model.ts'
import { changedNothing } from '../view/run-view.ts'

export const EXIT = {
  done: 0,
  /** Failed, and nothing was changed by it: a run that ended before its first change, and every other failure. */
  failed: 1,
  /** Wrong use or an invalid runbook: nothing was tried. */
  usage: 2,
  /** Aborted and restored. */
  aborted: 3,
  /** Stuck, or something was left to a person. */
  person: 4,
  /** Failed after something had been changed; all of it was put back. Users may have been moved and have come back. */
  restored: 5,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const

/** Exit code of a run as it is; undefined while it is under way and needs nobody. */
export function exitCodeOf(view: Pick<RunView, 'outcome' | 'reason' | 'changes'>): number | undefined {
  switch (view.outcome) {
    case null:
      return undefined
    case 'completed':
      return EXIT.done
    case 'restored':
      if (view.reason?.kind === 'abort') return EXIT.aborted
      return changedNothing(view) ? EXIT.failed : EXIT.restored
    case 'completed-with-remainder': // a person took something over and has to see to it
    case 'stuck':
    case 'terminated': // nothing was put back
    case 'failed':
      return EXIT.person
    default:
      return view.outcome satisfies never
  }
}
