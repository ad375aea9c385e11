// Fits the live view into the height of a terminal: log, finished and later steps and good guards give way first; the head, what is
// asked of people and its commands never do. Pure.
import type { RunView } from '../../view/model.ts'
import { rowsIn } from './paint.ts'
import { runText } from './run-text.ts'
import type { Fold, Look } from './sheet.ts'

/** From all that a glance takes in to what must be read. */
const FOLDS: Fold[] = [
  { logLines: 8, steps: 'all', guards: 'all', bars: true, hold: true, brief: false },
  { logLines: 4, steps: 'all', guards: 'all', bars: true, hold: true, brief: false },
  { logLines: 4, steps: 'near', guards: 'all', bars: true, hold: true, brief: false },
  { logLines: 2, steps: 'near', guards: 'worrying', bars: true, hold: true, brief: false },
  { logLines: 0, steps: 'near', guards: 'worrying', bars: true, hold: true, brief: false },
  { logLines: 0, steps: 'near', guards: 'worrying', bars: true, hold: false, brief: false },
  { logLines: 0, steps: 'present', guards: 'worrying', bars: true, hold: false, brief: false },
  { logLines: 0, steps: 'present', guards: 'worrying', bars: false, hold: false, brief: false },
]
const BRIEF: Fold = {
  logLines: 0,
  steps: 'present',
  guards: 'worrying',
  bars: false,
  hold: false,
  brief: true,
}
const COMMAND = /^ {4}cutover / // of a question: to be copied

/** Lines of the view that take at most `height` rows; what still does not fit is cut from the end, behind the questions. */
export function fittedText(view: RunView, look: Omit<Look, 'fold'>, height: number): string[] {
  let lines: string[] = []
  for (const fold of FOLDS) {
    lines = runText(view, { ...look, fold })
    if (rowsIn(lines, look.width) <= height) return lines
  }
  const rest = cutTo(lines, { width: look.width, height })
  const isAnswerable = lines.every((line) => !COMMAND.test(line) || rest.includes(line))
  return isAnswerable ? rest : cutTo(runText(view, { ...look, fold: BRIEF }), { width: look.width, height })
}

function cutTo(lines: string[], { width, height }: { width: number; height: number }): string[] {
  let shown = lines
  while (shown.length > 1 && rowsIn(shown, width) > height) shown = shown.slice(0, -1)
  return shown
}
