// The sections of a run's text: steps, guards, what is waited for, gates, way back, log. Pure: sheet in, lines out.
import type { GateView, GuardView, RunView, StepView } from '../../view/model.ts'
import { cut, padEnd, padStart, widthOf, wrap } from './paint.ts'
import type { Paint } from './paint.ts'
import type { Sheet } from './sheet.ts'
import { away, bar, clock, counted, lasted, valueText } from './words.ts'

const JOB_BAR_WIDTH = 30
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
  const lines = view.steps.flatMap((step) => {
    const time = lasted(step.startedAt, step.endedAt, look.now)
    const room = look.width - 4 - widthOf(time) - 2
    const paintStep = stepPaint(step, ink)
    const number = String(step.index).padStart(String(view.steps.length).length)
    const title = padEnd(cut(`${number} ${step.title}`, room), room)
    const notes = step.status === 'running' || step.status === 'failed' ? step.notes.slice(-NOTES_SHOWN) : []
    return [
      `  ${paintStep(`${STEP_SIGNS[step.status]} ${title}`)}${ink.dim(`  ${time}`)}`.trimEnd(),
      ...notes.map((note) => ink.dim(`      ${cut(note, look.width - 6)}`)),
    ]
  })
  return lines.length === 0 ? [] : [ink.bold('Steps'), ...lines]
}

function stepPaint({ status }: StepView, ink: Paint): (text: string) => string {
  if (status === 'done') return ink.green
  if (status === 'running') return (text) => ink.bold(ink.cyan(text))
  if (status === 'failed') return ink.red
  return status === 'undone' || status === 'interrupted' ? ink.yellow : ink.dim
}

const VERDICT_SIGNS = { good: '✔', bad: '✖', unknown: '?' } as const

export function guardLines({ view, look, ink }: Sheet): string[] {
  if (view.guards.length === 0) return []
  const nameWidth = Math.max(...view.guards.map(({ name }) => widthOf(name)))
  const lines = view.guards.map((guard) => {
    const sign = guard.verdict === null ? '·' : VERDICT_SIGNS[guard.verdict]
    const counts = countsText(guard)
    const age = guard.at === null ? '' : away(guard.at, look.now)
    const tail = [counts, age].filter((text) => text !== '').join('  ')
    const room = look.width - nameWidth - widthOf(tail) - 8
    const reading = guard.text ?? `not looked at yet; ${guard.limit ?? ''}`
    const text = padEnd(cut(reading, room), room)
    const marked = verdictPaint(guard, ink)
    return `  ${marked(`${sign} ${padEnd(guard.name, nameWidth)}`)}  ${marked(text)}  ${ink.dim(padStart(tail, 0))}`.trimEnd()
  })
  return [ink.bold('Guards'), ...lines]
}

function countsText({ badInRow, goodInRow, breachAt, dryRun }: GuardView): string {
  const dry = dryRun ? ['dry run'] : []
  if (badInRow > 0) return [...dry, `${badInRow}${breachAt === null ? '' : ` of ${breachAt}`} bad`].join(', ')
  return [...dry, ...(goodInRow > 0 ? [`${goodInRow} good`] : [])].join(', ')
}

function verdictPaint({ verdict }: GuardView, ink: Paint): (text: string) => string {
  if (verdict === 'good') return ink.green
  if (verdict === 'bad') return ink.red
  return verdict === 'unknown' ? ink.yellow : ink.dim
}

export function waitingLines({ view, look, ink }: Sheet): string[] {
  const lines: string[] = []
  if (view.holding !== null && view.outcome === null) {
    const { title, until, limit, waitsFor } = view.holding
    const times = [
      ...(until === null ? [] : [`until ${clock(until, look.now)} (${away(until, look.now)})`]),
      ...(limit === null ? [] : [`at most until ${clock(limit, look.now)}`]),
    ]
    const text = [title, ...times, ...(waitsFor === '' ? [] : [waitsFor])].join('; ')
    lines.push(...wrap(text, look.width - 2, '  ').map((line) => `  ${line}`))
  }
  if (view.paused !== null && view.outcome === null) {
    const { actor, reason, at } = view.paused
    const text = `paused by ${actor} ${away(at, look.now)} (${reason}): nothing new is begun; cutover resume ${view.service} --reason R`
    lines.push(...wrap(text, look.width - 2, '  ').map((line) => ink.yellow(`  ${line}`)))
  }
  for (const { title, text, done, total, waiting } of view.jobs) {
    const share =
      total === null || total === 0
        ? ''
        : `${bar((done / total) * 100, Math.min(JOB_BAR_WIDTH, look.width - 4))}  `
    const color = waiting === null ? ink.cyan : ink.yellow
    lines.push(...wrap(`${title}: ${text}`, look.width - 2, '  ').map((line) => `  ${line}`))
    if (share !== '') lines.push(color(`  ${share.trimEnd()}`))
  }
  for (const { call, attempt, problem, nextAt } of view.retrying) {
    const next = nextAt === null ? '' : `; next try ${away(nextAt, look.now)}`
    const text = `${call} is tried again (attempt ${attempt})${next}: ${problem ?? 'no answer'}`
    lines.push(...wrap(text, look.width - 2, '  ').map((line) => ink.yellow(`  ${line}`)))
  }
  if (view.stale !== null && view.holding === null && view.phase === 'holding')
    lines.push('  unknown: only a worker can tell what this hold waits for')
  return lines.length === 0 ? [] : [ink.bold('Waiting for'), ...lines]
}

export function gateLines({ view, look, ink }: Sheet): string[] {
  return view.gates.flatMap((gate, index) => {
    const expires =
      gate.expires === null ? '' : `; expires ${away(gate.expires, look.now)}${expiryText(gate)}`
    const text = `${gate.waitsFor}${approvalText(gate)}${expires}`
    const verbs = verbsAt(view, gate).map((verb) => `    ${commandOf(view.service, gate, verb)}`)
    return [
      ...(index === 0 ? [] : ['']),
      `${ink.magenta(ink.bold(`Gate ${gate.id}`))}  ${gate.title}`,
      ...wrap(text, look.width - 2, '').map((line) => `  ${line}`),
      ...verbs.map((line) => ink.cyan(line)),
    ]
  })
}

/** What may be said at a gate, and abort: it needs no gate and is possible until the run goes back or cannot. */
function verbsAt({ reason, pointOfNoReturn }: RunView, { allows }: GateView): string[] {
  const canAbort = reason === null && pointOfNoReturn === null && !allows.includes('abort')
  return canAbort ? [...allows, 'abort'] : allows
}

function approvalText({ kind, people, quorum, approvals }: GateView): string {
  if (kind !== 'approval') return ''
  const who = people === 'anyone' ? 'anyone' : people.join(', ')
  const given = approvals.length === 0 ? 'none yet' : `by ${approvals.join(', ')}`
  return `; ${approvals.length} of ${quorum} approvals (${given}); may approve: ${who}`
}

function expiryText({ onExpiry }: GateView): string {
  if (onExpiry === null) return ''
  return onExpiry === 'unwind' ? ', then the run goes back' : ', then it stays as it is'
}

/** The command that says `verb` at a gate. Approving needs no reason, the others do. */
export function commandOf(service: string, gate: { id: string }, verb: string): string {
  const reason = verb === 'approve' ? '' : ' --reason R'
  return verb === 'abort'
    ? `cutover abort ${service} --reason R`
    : `cutover ${verb} ${service} --gate ${gate.id}${reason}`
}

/** Decisions that were refused, or changed nothing: how many, and the last one with its reason. */
export function idleLines({ view, look, ink }: Sheet): string[] {
  const idle = view.decisions.filter(({ why }) => why !== null)
  const count = idle.length + view.decisionsNotListed
  const last = idle.at(-1)
  if (count === 0) return []
  const rest = view.decisionsNotListed === 0 ? '' : ` (${view.decisionsNotListed} of them are only counted)`
  const lines = [
    `${counted(count, 'decision')} had no effect${rest}`,
    ...(last === undefined
      ? []
      : [
          `last ${away(last.at, look.now)}, ${last.actor}: ${last.verdict}${last.gate === null ? '' : ` ${last.gate}`}: ${last.why}`,
        ]),
  ]
  return [
    ink.bold('Without effect'),
    ...lines.flatMap((line) => wrap(line, look.width - 2, '  ').map((each) => ink.dim(`  ${each}`))),
  ]
}

const RESTORATION_SIGNS = { pending: '○', restoring: '●', restored: '✔', stuck: '✖', left: '–' } as const

export function restorationLines({ view, look, ink }: Sheet): string[] {
  const lines = view.restorations.flatMap(({ connection, target, status, before, note }) => {
    const text = `${RESTORATION_SIGNS[status]} ${connection}/${target} to ${valueText(before)}${note === null ? '' : `: ${note}`}`
    const color = status === 'restored' ? ink.green : status === 'stuck' ? ink.red : ink.yellow
    return wrap(text, look.width - 2, '  ').map((line) => color(`  ${line}`))
  })
  const left = view.remainder.flatMap(({ connection, target, note }) =>
    wrap(`! ${connection}/${target} is left to a person: ${note}`, look.width - 2, '  ').map((line) =>
      ink.red(`  ${line}`),
    ),
  )
  return lines.length + left.length === 0 ? [] : [ink.bold('Way back'), ...lines, ...left]
}

/** What a run that was ended from outside wrote and did not take back: first value and last one of each target. */
export function leftLines({ view, look, ink }: Sheet): string[] {
  if (view.outcome !== 'terminated' && view.outcome !== 'failed') return []
  const written = view.changes.filter(({ status }) => status !== 'noop')
  const targets = [...new Set(written.map(({ connection, target }) => `${connection}/${target}`))]
  const lines = targets.flatMap((name) => {
    const changes = written.filter(({ connection, target }) => `${connection}/${target}` === name)
    const [first, last] = [changes[0], changes.at(-1)]
    const text = `${name} was ${valueText(first?.before ?? null)}, written ${valueText(last?.desired ?? null)}`
    return wrap(text, look.width - 2, '  ').map((line) => ink.red(`  ${line}`))
  })
  return lines.length === 0 ? [] : [ink.bold('Changes that stand'), ...lines]
}

export function logLines({ view, look, ink }: Sheet): string[] {
  const lines = look.logLines <= 0 ? [] : view.log.slice(-look.logLines)
  if (lines.length === 0) return []
  return [
    ink.bold(view.stale === null ? 'Log' : 'Last events'),
    ...lines.map(({ at, text }) => {
      const time = clock(at, look.now)
      return `  ${ink.dim(time)}  ${cut(text, look.width - widthOf(time) - 4)}`
    }),
  ]
}
