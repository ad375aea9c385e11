// The steps of a run as lines, those far from the present one folded when room is short. Pure: sheet in, lines out.
import type { RunView, StepView } from '../../view/model.ts'
import { cut, padEnd, widthOf } from './paint.ts'
import type { Paint } from './paint.ts'
import type { Sheet } from './sheet.ts'
import { lasted } from './words.ts'

const NOTES_SHOWN = 3 // of the running step; the report has all of them

const STEP_SIGNS = {
  pending: '○',
  running: '●',
  done: '✔',
  skipped: '–',
  failed: '✖',
  undone: '↩',
  interrupted: '■',
} as const

export function stepLines({ view, look, ink }: Sheet): string[] {
  const { shown, before, after } = foldedSteps(view, look)
  const digits = String(view.steps.length).length
  const lines = shown.flatMap((step) => {
    const time = lasted(step.startedAt, step.endedAt, look.now)
    const number = String(step.index).padStart(digits)
    const room = look.width - 6 - widthOf(time)
    const title = padEnd(cut(`${number} ${step.title}`, room), room)
    const mark = stepPaint(step, ink)(STEP_SIGNS[step.status])
    const text = step.status === 'running' ? ink.bold(title) : title
    const notes = step.status === 'running' || step.status === 'failed' ? step.notes.slice(-NOTES_SHOWN) : []
    return [
      `  ${mark} ${text}${time === '' ? '' : `  ${ink.dim(time)}`}`.trimEnd(),
      ...notes.map((note) => `      ${cut(note, look.width - 6)}`),
    ]
  })
  const all = [...counted('✔', before, 'over'), ...lines, ...counted('○', after, 'to come')]
  return all.length === 0 ? [] : [ink.bold('Steps'), ...all]
}

const NEAR = { all: Infinity, near: 1, present: 0 } as const

/** What is far from the present step is only counted. A single one takes a line anyway, and is shown. */
function foldedSteps({ steps, step }: RunView, { fold }: Sheet['look']) {
  const present = (step?.index ?? 1) - 1
  const from = Math.max(0, present - NEAR[fold.steps])
  const to = present + NEAR[fold.steps] + 1
  return { before: steps.slice(0, from), shown: steps.slice(from, to), after: steps.slice(to) }
}

function stepPaint({ status }: StepView, ink: Paint): (text: string) => string {
  if (status === 'done') return ink.green
  if (status === 'running') return ink.cyan
  if (status === 'failed') return ink.red
  return status === 'undone' || status === 'interrupted' ? ink.yellow : ink.dim
}

/** Steps that are not shown each. */
function counted(sign: string, steps: StepView[], what: string): string[] {
  const [first, last] = [steps[0], steps.at(-1)]
  if (first === undefined || last === undefined) return []
  const which = first === last ? `step ${first.index}` : `steps ${first.index} to ${last.index}`
  return [`  ${sign} ${which}: ${what}`]
}
