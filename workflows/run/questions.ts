// Questions to people. A gate is open until it is answered, closed by events, or expires; guards stay watched meanwhile.
import { CancellationScope, condition } from '@temporalio/workflow'
import type { Notice } from '../ports/notify.ts'
import { formatDuration } from '../quantities.ts'
import { calls } from './calls.ts'
import { untilMoment } from './until-moment.ts'
import { measure } from './measure.ts'
import { publish } from './publish.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, isIrreversible, label, log, sendBack, stepOf } from './run.ts'
import type { Gate, GateKind, RunState, Verb } from './state.ts'

export interface Question {
  kind: GateKind
  /** What a decision names. A question that was asked before is asked under another name: `ID~2`. */
  id: string
  title: string
  waitsFor: string
  allows: Verb[]
  people?: 'anyone' | string[]
  quorum?: number
  selfApproval?: boolean
  expiresInMs?: number | null
  onExpiry?: 'unwind' | 'hold'
}

/** A gate about one target: `restore/edge/split`. No blanks, so that it can be typed. */
export function gateId(about: string, of: { connection: string; target: string }, which?: string): string {
  const rest = which === undefined ? '' : `/${which}`
  return `${about}/${of.connection}/${of.target}${rest}`.replaceAll(' ', '-')
}

/** Opens a gate and waits for its answer. Throws CancelledFailure when going forward ends meanwhile. */
export async function ask(run: Run, question: Question): Promise<Verb> {
  const gate = open(run, question)
  try {
    if (gate.expires !== null) {
      const expires = () => gate.expires as number
      const summary = () =>
        `${label(run)} - waiting for ${gate.waitsFor} until ${new Date(expires()).toISOString()}`
      if (!(await untilMoment(expires, { summary, isOver: () => gate.answer !== null }))) expire(run, gate)
    }
    checkpoint(run)
    await condition(() => gate.answer !== null)
    checkpoint(run)
    return gate.answer as Verb
  } finally {
    if (!run.now.renewing) close(run, gate) // a new history takes it up, open as it is
  }
}

function open(run: Run, question: Question): Gate {
  const { state } = run
  const alike = state.gates.filter((gate) => gate.carried === question.id)
  const carried = alike.find(({ title }) => title === question.title) ?? alike[0] // two proofs may be asked about side by side
  if (carried !== undefined) {
    delete carried.carried
    run.askedAs[carried.id] = question.id
    updatePhase(run)
    return carried
  }
  const now = Date.now()
  const id = nameFor(state, question.id)
  const expiresInMs = question.expiresInMs ?? null
  if (expiresInMs !== null) state.deadlines[id] ??= now + expiresInMs
  const gate: Gate = {
    id,
    kind: question.kind,
    step: stepOf(run).id,
    title: question.title,
    waitsFor: question.waitsFor,
    openedAt: now,
    until: null,
    expires: expiresInMs === null ? null : (state.deadlines[id] as number),
    onExpiry: expiresInMs === null ? null : (question.onExpiry ?? 'unwind'),
    people: question.people ?? 'anyone',
    quorum: question.quorum ?? 1,
    selfApproval: question.selfApproval ?? true,
    approvals: [],
    allows: question.allows,
    answer: null,
  }
  state.gates.push(gate)
  run.askedAs[id] = question.id
  log(run, `asking: ${gate.title} (gate ${gate.id})`)
  updatePhase(run)
  void notify(run, {
    key: `${gate.id}/${now}`,
    title: gate.title,
    text: `${gate.waitsFor}. Gate ${gate.id} takes: ${gate.allows.join(', ')}`,
    level: 'ask',
  })
  return gate
}

/**
 * No name is used twice in a run, also when the first question closed by itself or is still open: an answer that was meant for
 * one must not open the other.
 */
function nameFor(state: RunState, wanted: string): string {
  const times = (state.asked[wanted] ?? 0) + 1
  state.asked[wanted] = times
  return times === 1 ? wanted : `${wanted}~${times}`
}

/** What an earlier history asked under this name has settled itself before anybody asked again. */
export function closeCarried(run: Run, asked: string): void {
  for (const gate of run.state.gates.filter(({ carried }) => carried === asked)) close(run, gate)
}

function close(run: Run, gate: Gate): void {
  measure.gate(run.plan.service, gate.kind, Date.now() - gate.openedAt)
  run.state.gates = run.state.gates.filter((other) => other !== gate)
  delete run.askedAs[gate.id]
  delete run.state.deadlines[gate.id]
  log(
    run,
    `gate ${gate.id} closed after ${formatDuration(Date.now() - gate.openedAt)}: ${gate.answer ?? 'without a decision'}`,
  )
  updatePhase(run)
}

/** The phase follows from the open gates: waiting for an approval is normal, any other question means the run is stuck. */
function updatePhase(run: Run): void {
  const { state } = run
  const wasStuck = state.phase === 'stuck'
  const isStuck = state.gates.some((gate) => gate.kind !== 'approval')
  if (isStuck !== wasStuck) measure.stuck(run.plan.service, isStuck ? 1 : -1)
  if (isStuck) state.phase = 'stuck'
  else if (state.gates.length > 0) state.phase = 'waiting'
  else if (state.reason !== null) state.phase = 'unwinding'
  else state.phase = state.holding === null ? 'running' : 'holding'
  publish(run.plan, state)
}

function expire(run: Run, gate: Gate): void {
  if (gate.onExpiry === 'hold' || isIrreversible(run)) {
    log(run, `gate ${gate.id} has expired and stays open`)
    gate.expires = null
    return
  }
  sendBack(run, { kind: 'expired', gate: gate.id, at: Date.now() })
}

/** Tells every notify connection; waited for only at the very end of a run. */
export async function notify(run: Run, notice: News): Promise<void> {
  await Promise.all(run.plan.notify.map((name) => sendNotice(run, name, notice)))
}

export type News = Omit<Notice, 'service'>

/**
 * Best effort: a receiver that is down is logged and never the reason a run fails. Never cancelled: whoever turns back does not
 * wait for it, and what is under way may be heard.
 */
export async function sendNotice(run: Run, name: string, news: News): Promise<void> {
  const { service } = run.plan
  const notice: Notice = { ...news, service, key: `${service}/${run.state.startedAt}/${news.key}` }
  run.now.telling += 1
  try {
    const input = { connection: connectionOf(run, name), notice }
    await CancellationScope.nonCancellable(() => calls.announce(`tell ${name}: ${news.title}`, input))
  } catch (error) {
    log(run, `no notice reached ${name}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    run.now.telling -= 1
  }
}
