// Moments of a run at which an act interferes.
import type { RunView } from '../../view/model.ts'

export function atQuarter(view: RunView): boolean {
  return view.weights?.new === 25 && view.holding !== null
}

export function isGoingBack(view: RunView): boolean {
  return view.unwindingSince !== null && view.restorations.some(({ status }) => status === 'restored')
}

/** A quarter or more is held and watched, whatever happened meanwhile: a hold may end while no worker is there to see it. */
export function isWatchedAtQuarterOrMore(view: RunView): boolean {
  const { weights, holding, guards } = view
  return (
    weights !== null && weights.new >= 25 && holding !== null && guards.some(({ goodInRow }) => goodInRow > 0)
  )
}
