// Moments of a run at which an act interferes.
import type { RunView } from '../../view/model.ts'

export function atQuarter(view: RunView): boolean {
  return view.weights?.new === 25 && view.holding !== null
}

export function isGoingBack(view: RunView): boolean {
  return view.unwindingSince !== null && view.restorations.some(({ status }) => status === 'restored')
}
