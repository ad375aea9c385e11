// A run as a person reads it on a terminal: status and watch share it. Pure: view in, lines out.
import type { RunView } from '../../view/model.ts'
import { changedNothing } from '../../view/run-view.ts'
import { UNKNOWN_WEIGHTS, shownEdges } from './edges.ts'
import { glanceLines } from './glance.ts'
import { cut, harmless, paint, wrap } from './paint.ts'
import type { Paint } from './paint.ts'
import { guardLines } from './guard-lines.ts'
import {
  declaredLines,
  gateLines,
  idleLines,
  leftLines,
  logLines,
  restorationLines,
  waitingLines,
} from './run-sections.ts'
import type { Look, Sheet } from './sheet.ts'
import { stepLines } from './step-lines.ts'
import { away, bar, clock, lasted } from './words.ts'

const LABEL_WIDTH = 9
const BAR_WIDTH_MAX = 50 // longer bars are not read any better

export function runText(raw: RunView, look: Look): string[] {
  const view = harmless(raw)
  const sheet: Sheet = { view, look, ink: paint(look.color) }
  const sections = [
    [...headLines(sheet), ...staleLines(sheet), ...(look.fold.bars ? trafficLines(sheet) : [])],
    gateLines(sheet),
    stepLines(sheet),
    guardLines(sheet),
    restorationLines(sheet),
    leftLines(sheet),
    waitingLines(sheet),
    declaredLines(sheet),
    idleLines(sheet),
    logLines(sheet),
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}

/** One line: what a run is doing or how it ended. */
export function headline(view: RunView): string {
  const { step } = view
  const place = step === null ? '' : ` [${step.index}/${step.total}] ${step.title}`
  switch (view.outcome) {
    case 'completed':
      return 'completed: everything has moved'
    case 'restored':
      return `restored: ${changedNothing(view) ? 'nothing was changed' : 'everything is back'}; ${view.reason?.text ?? 'why is not known'}`
    case 'completed-with-remainder':
      return `ended with a remainder: a person took over ${view.remainder.map(({ target, connection }) => `${connection}/${target}`).join(', ')}`
    case 'terminated':
      return 'terminated: nothing was put back; the changes below stand as they were written'
    case 'failed':
      return 'failed: the engine itself gave up; the changes below stand as they were written'
    case 'stuck':
      return `stuck: a person is needed,${place}`
    case null:
      return `${view.phase}${place}`
    default:
      return view.outcome satisfies never
  }
}

function headLines({ view, look, ink }: Sheet): string[] {
  const time = lasted(view.startedAt, view.endedAt, look.now)
  const facts = [
    ...(view.digest === null ? [] : [`plan ${view.digest.slice(0, 12)}`]),
    ...(view.startedBy === null ? [] : [`by ${view.startedBy}`]),
    ...(view.startedAt === null ? [] : [`since ${clock(view.startedAt, look.now)}`]),
    ...(time === '' ? [] : [`${view.endedAt === null ? 'for' : 'took'} ${time}`]),
  ]
  const ui = look.uiUrl === undefined || look.uiUrl === null ? [] : [look.uiUrl]
  const why =
    view.reason !== null && view.outcome !== 'restored'
      ? [`going back: ${view.reason.text}`]
      : view.stale !== null && view.phase === 'unwinding'
        ? ['going back: why is not known without a worker']
        : []
  const [later, ...more] = view.laterReasons
  const others = more.length === 0 ? '' : `, and ${more.length} more (see the report)`
  const alsoLater = later === undefined ? [] : [`later also: ${later.text}${others}`]
  const [first = '', ...rest] = wrap(`${view.service}  ${headline(view)}`, look.width - 2)
  return [
    `${outcomePaint(view, ink)(outcomeSign(view))} ${ink.bold(first)}`,
    ...rest.map((line) => `  ${ink.bold(line)}`),
    ...[...why, ...alsoLater].flatMap((line) => wrap(line, look.width)),
    ...glanceLines({ view, look, ink }),
    ...(look.fold.brief
      ? []
      : wrap([...facts, ...restoringFact(view, look.now)].join(' · '), look.width).map(ink.dim)),
    ...(look.fold.brief ? [] : ui), // whole, also where it is wider: it is to be opened
  ]
}

const OUTCOME_SIGNS = {
  completed: '✔',
  restored: '↩',
  'completed-with-remainder': '!',
  terminated: '✖',
  failed: '✖',
  stuck: '?',
} as const

function outcomeSign({ outcome, phase }: RunView): string {
  if (outcome !== null) return OUTCOME_SIGNS[outcome]
  return phase === 'unwinding' ? '↩' : '●'
}

function restoringFact(view: RunView, now: number): string[] {
  if (view.unwindingSince === null) return []
  if (view.restoredAt === null)
    return view.endedAt === null ? [`going back for ${lasted(view.unwindingSince, null, now)}`] : []
  return [`restored in ${lasted(view.unwindingSince, view.restoredAt, now)}`]
}

function outcomePaint(view: RunView, ink: Paint): (text: string) => string {
  if (view.outcome === 'completed') return ink.green
  if (view.outcome === null) return view.phase === 'unwinding' ? ink.yellow : ink.cyan
  return view.outcome === 'restored' || view.outcome === 'completed-with-remainder' ? ink.yellow : ink.red
}

function staleLines({ view, look, ink }: Sheet): string[] {
  if (view.stale === null) return []
  const last = view.stale.lastEventAt === null ? '' : ` Last event ${away(view.stale.lastEventAt, look.now)}.`
  const known = `${view.stale.why}: this is what the Temporal server knows by itself.${last}`
  const unknown =
    'What it does not know stands there as unknown; readings may be old. Start a worker: cutover worker'
  return wrap(`${known} ${unknown}`, look.width - 2).map(
    (line, index) => `${index === 0 ? ink.yellow('!') : ' '} ${line}`,
  )
}

function trafficLines({ view, look, ink }: Sheet): string[] {
  const width = Math.min(BAR_WIDTH_MAX, look.width - LABEL_WIDTH - 8)
  const side = (label: string, percent: number, color: (text: string) => string) =>
    `${label.padEnd(LABEL_WIDTH)}${color(bar(percent, width))} ${`${round(percent)}%`.padStart(5)}`
  return shownEdges(view).flatMap(({ name, weights }) => [
    '',
    ...(name === '' ? [] : [ink.bold(cut(name, look.width))]),
    ...(weights === null
      ? [ink.yellow(UNKNOWN_WEIGHTS)]
      : [side('old', weights.old, ink.blue), side('new', weights.new, ink.green)]),
  ])
}

function round(percent: number): number {
  return Math.round(percent * 10) / 10
}
