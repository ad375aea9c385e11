// A preview as text for a terminal: what an operator reads before saying yes. Pure.
import { declarationText } from '../output/words.ts'
import { type Paint, harmless, wrap } from '../output/paint.ts'
import { targetText } from './target-text.ts'
import { formatDuration } from '../../workflows/quantities.ts'
import { namesBy, problemTexts } from './plan-problems.ts'
import type { Preview, PreviewedChange, PreviewedStep } from './preview.ts'

type Style = { width: number; paint: Paint; offline: boolean }

const LABEL_WIDTH = 10
const INSTANT = formatDuration(0)
const INDENT = '      '

export function previewLines(preview: Preview, style: Style): string[] {
  const { paint } = style
  const shown = harmless(preview)
  const pointOfNoReturn = shown.steps.findIndex(({ reversible }) => !reversible)
  return [
    `${paint.bold(shown.service)}  ${shown.description}`,
    ...(style.offline ? [paint.dim('offline: what the targets hold now was not looked at')] : []),
    '',
    ...shown.steps.flatMap((step, index) => [
      ...(index === pointOfNoReturn ? noReturnLines(step, style) : []),
      ...stepLines(step, index, style),
      '',
    ]),
    ...cautionLines(shown, style),
    ...row(
      'takes',
      `${range(shown.shortest, shown.longest)}; going back is possible at any moment${pointOfNoReturn === -1 ? '' : ` before step ${pointOfNoReturn + 1}`}`,
      style,
    ),
    ...triedLines(shown, style),
    ...problemTexts(shown.problems).flatMap((text) => row('problem', text, style).map(paint.red)),
    `digest    ${shown.digest}`,
  ]
}

/** What came back, where it says something. What a journey wants known stands at its step. */
function triedLines({ tried }: Preview, style: Style): string[] {
  const { yellow, dim } = style.paint
  const told = tried
    .filter(({ what, problem }) => problem === null && what !== 'lock')
    .map(({ name, text, notes, step }) => {
      const isNote = step === null && notes.length > 0
      return { name, said: isNote ? notes.join('; ') : text, isNote }
    })
    .filter(({ said }) => said !== '')
  const notes = new Set(told.filter(({ isNote }) => isNote).map(({ said }) => said))
  const pairs = told.map(({ name, said }) => [name, said] as const)
  return [...namesBy(pairs)].flatMap(([said, names]) =>
    row('tried', `${names.join(', ')}: ${said}`, style).map(notes.has(said) ? yellow : dim),
  )
}

function row(label: string, text: string, { width }: Style): string[] {
  const [first = '', ...rest] = wrap(text, Math.max(30, width - LABEL_WIDTH))
  return [`${label.padEnd(LABEL_WIDTH)}${first}`, ...rest.map((line) => ' '.repeat(LABEL_WIDTH) + line)]
}

/** Together at the end: among the steps they would bury what changes. */
function cautionLines({ steps }: Preview, { width, paint }: Style): string[] {
  const cautions = steps.flatMap(({ cautions: own }) => own)
  if (cautions.length === 0) return []
  const lines = cautions.flatMap((caution) => wrap(`  - ${caution}`, width, '    '))
  return [paint.bold('worth knowing'), ...lines, '']
}

function noReturnLines(step: PreviewedStep, { paint, width }: Style): string[] {
  return [
    ...wrap(
      `---- point of no return: after this step going back is refused, because ${step.irreversible ?? ''} ----`,
      width,
    ).map(paint.yellow),
    '',
  ]
}

function stepLines(step: PreviewedStep, index: number, style: Style): string[] {
  const { paint } = style
  const head = `${String(index + 1).padStart(3)}  ${paint.bold(step.title)}  ${paint.dim(`${step.kind}, ${range(step.shortest, step.longest)}`)}`
  return [
    head,
    ...step.changes.flatMap((change) => field('changes', changeText(change), style)),
    ...(step.changes.length === 0 ? [] : field('back', step.back, style)),
    ...(step.watched.length === 0 ? [] : field('watched', step.watched.join(', '), style)),
    ...(step.unwatched === null ? [] : field('unwatched', step.unwatched, style)),
    ...(step.decides === null ? [] : field('decides', step.decides, style)),
    ...step.covered.flatMap((text) => field('covered', text, style)),
    // Whole, also where it is wider: it is to be copied.
    ...step.declare.map(
      (each) => `${INDENT}${paint.dim('declare'.padEnd(LABEL_WIDTH))}${declarationText(each)}`,
    ),
    ...step.notes.flatMap((note) => field('beware', note, style).map(paint.yellow)),
  ]
}

function field(label: string, text: string, { width, paint }: Style): string[] {
  const indent = INDENT.length + LABEL_WIDTH
  const [first = '', ...rest] = wrap(text, Math.max(30, width - indent))
  return [
    `${INDENT}${paint.dim(label.padEnd(LABEL_WIDTH))}${first}`,
    ...rest.map((line) => ' '.repeat(indent) + line),
  ]
}

function changeText({ connection, port, target, before, desired, problem }: PreviewedChange): string {
  const what = `${connection} ${target}`
  const to = desired === null ? 'follows from what is found' : targetText(desired, port)
  if (problem !== null) return `${what}: cannot be looked at: ${problem} -> ${to}`
  if (before === null) return `${what}: ${desired === null ? to : `-> ${to}`}`
  return JSON.stringify(before) === JSON.stringify(desired)
    ? `${what}: ${to} already`
    : `${what}: ${targetText(before, port)} -> ${to}`
}

function range(shortest: string, longest: string | null): string {
  const isInstant = shortest === INSTANT
  if (longest === null)
    return isInstant ? 'until a person decides' : `${shortest} at least, until a person decides`
  if (shortest === longest) return isInstant ? 'at once' : shortest
  return isInstant ? `up to ${longest}` : `${shortest} to ${longest}`
}
