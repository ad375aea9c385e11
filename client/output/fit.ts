// Fits the live view into the height of a terminal: the log gives way first, then finished steps. Pure.
import type { RunView } from '../../view/model.ts'
import { runText } from './run-text.ts'
import type { Look } from './sheet.ts'

const LOG_LINES_LIVE = 8 // what a glance takes in

/** Lines of the view, at most `height` of them where that is possible without hiding what goes on. */
export function fittedText(view: RunView, look: Omit<Look, 'logLines'>, height: number): string[] {
  for (const logLines of [LOG_LINES_LIVE, 4, 2, 0]) {
    const lines = runText(view, { ...look, logLines })
    if (lines.length <= height) return lines
  }
  const short = runText({ ...view, steps: nearSteps(view) }, { ...look, logLines: 0 })
  return short.slice(0, height)
}

/** The running step and its neighbours. */
function nearSteps({ steps, step }: RunView): RunView['steps'] {
  const index = step?.index ?? 1
  return steps.filter((each) => Math.abs(each.index - index) <= 2)
}
