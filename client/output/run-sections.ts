// The sections of a run's text: what is waited for, gates, way back, log. Steps and guards have files of their own. Pure: sheet in, lines out.
import type { GateView, RunView } from '../../view/model.ts'
import { listed } from '../../workflows/people.ts'
import { cut, widthOf, wrap } from './paint.ts'
import type { Sheet } from './sheet.ts'
import { away, bar, clock, counted, declarationText, valueText } from './words.ts'

const JOB_BAR_WIDTH = 30

export function waitingLines({ view, look, ink }: Sheet): string[] {
  const lines: string[] = []
  if (view.holding !== null && view.outcome === null && look.fold.hold) {
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
    lines.push(...wrap(text, look.width - 2, '  ').map((line) => `  ${line}`))
  }
  for (const { text, nextAt } of view.proofs) {
    const next = nextAt === null ? '' : `; looked at again ${away(nextAt, look.now)}`
    lines.push(...wrap(`not to be seen yet: ${text}${next}`, look.width - 2, '  ').map((line) => `  ${line}`))
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
    lines.push(...wrap(text, look.width - 2, '  ').map((line) => `  ${line}`))
  }
  if (view.stale !== null && view.holding === null && view.phase === 'holding')
    lines.push('  unknown: only a worker can tell what this hold waits for')
  return lines.length === 0 ? [] : [ink.bold('Waiting for'), ...lines]
}

export function gateLines({ view, look, ink }: Sheet): string[] {
  return view.gates.flatMap((gate, index) => {
    const expires =
      gate.expires === null ? '' : `; expires ${away(gate.expires, look.now)}${expiryText(gate)}`
    const text = `${gate.waitsFor}${approvalText(gate, view.startedBy)}${expires}`
    const verbs = verbsAt(view, gate).map((verb) => `    ${commandOf(view.service, gate, verb)}`)
    const [first = '', ...rest] = wrap(`Gate ${gate.id}  ${gate.title}`, look.width - 2)
    return [
      ...(index === 0 ? [] : ['']),
      `${ink.magenta('?')} ${ink.bold(first)}`,
      ...rest.map((line) => `  ${ink.bold(line)}`),
      ...(look.fold.brief ? [] : wrap(text, look.width - 2).map((line) => `  ${line}`)),
      ...(gate.kind === 'evidence' && look.fold.logLines > 0 ? queryLines(view, look.width) : []),
      ...verbs, // whole, also where they are wider: they are to be copied
    ]
  })
}

/** What cannot be read, to be asked of the metrics backend by hand. */
function queryLines({ guards }: RunView, width: number): string[] {
  return guards
    .filter(({ verdict, query }) => verdict === 'unknown' && query !== null)
    .flatMap(({ name, query }) => wrap(`query of ${name}: ${query}`, width - 4).map((line) => `    ${line}`))
}

/** What may be said at a gate, and abort: it needs no gate and is possible until the run goes back or cannot. */
function verbsAt({ reason, pointOfNoReturn }: RunView, { allows }: GateView): string[] {
  const canAbort = reason === null && pointOfNoReturn === null && !allows.includes('abort')
  return canAbort ? [...allows, 'abort'] : allows
}

/** How many have approved; and who could not, as far as that is a surprise to them. */
function approvalText(gate: GateView, startedBy: string | null): string {
  const { kind, people, quorum, approvals, selfApproval } = gate
  if (kind !== 'approval') return ''
  const given = approvals.length === 0 ? 'none yet' : `by ${approvals.join(', ')}`
  const isListed = startedBy !== null && (people === 'anyone' || listed(people, startedBy) !== undefined)
  const barred = isListed && !selfApproval ? `; not ${startedBy}, who started the run` : ''
  return `; ${approvals.length} of ${quorum} approvals (${given})${barred}`
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
    ...lines.flatMap((line) => wrap(line, look.width - 2, '  ').map((each) => `  ${each}`)),
  ]
}

/** Who is suspended until when, and what must be declared before they go on: whole lines, to be copied. */
export function declaredLines({ view, look, ink }: Sheet): string[] {
  const suspended = view.suspended.flatMap(({ connection, until }) =>
    wrap(
      `${connection} is suspended; it goes on by itself at ${clock(until, look.now)} (${away(until, look.now)})`,
      look.width - 2,
      '  ',
    ).map((line) => `  ${line}`),
  )
  // Once nobody is suspended any more, it was declared, or a person let it stand.
  const declare = (suspended.length === 0 ? [] : view.declare).map(
    (each) => `  to be declared: ${declarationText(each)}`,
  )
  return suspended.length + declare.length === 0
    ? []
    : [ink.bold('Declared elsewhere'), ...suspended, ...declare]
}

const RESTORATION_SIGNS = { pending: '○', restoring: '●', restored: '✔', stuck: '✖', left: '–' } as const

export function restorationLines({ view, look, ink }: Sheet): string[] {
  const lines = view.restorations.flatMap(({ connection, target, status, before, note }) => {
    const text = `${connection}/${target} to ${valueText(before)}${note === null ? '' : `: ${note}`}`
    const color = status === 'restored' ? ink.green : status === 'stuck' ? ink.red : ink.yellow
    return wrap(text, look.width - 4).map(
      (line, index) => `  ${index === 0 ? color(RESTORATION_SIGNS[status]) : ' '} ${line}`,
    )
  })
  const left = view.remainder.flatMap(({ connection, target, note }) =>
    wrap(`${connection}/${target} is left to a person: ${note}`, look.width - 4).map(
      (line, index) => `  ${index === 0 ? ink.red('!') : ' '} ${line}`,
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
    return wrap(text, look.width - 4).map((line, index) => `  ${index === 0 ? ink.red('!') : ' '} ${line}`)
  })
  return lines.length === 0 ? [] : [ink.bold('Changes that stand'), ...lines]
}

export function logLines({ view, look, ink }: Sheet): string[] {
  const lines = look.fold.logLines <= 0 ? [] : view.log.slice(-look.fold.logLines)
  if (lines.length === 0) return []
  return [
    ink.bold(view.stale === null ? 'Log' : 'Last events'),
    ...lines.map(({ at, text }) => {
      const time = clock(at, look.now)
      return `  ${ink.dim(time)}  ${cut(text, look.width - widthOf(time) - 4)}`
    }),
  ]
}
