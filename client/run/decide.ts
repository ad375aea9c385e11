// Says a decision to a run and brings back its answer. Where no worker answers, approve and abort go as plain signals,
// which the server keeps until one does; the decision's id makes sure that it counts once.
import { randomUUID } from 'node:crypto'
import {
  ApplicationFailure,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  isGrpcDeadlineError,
} from '@temporalio/client'
import type { WorkflowHandle } from '@temporalio/client'
import { REFUSED, abort, approve, decide, workflowIdOf } from '../../workflows/messages.ts'
import type { Decided, Decision, Verb } from '../../workflows/run/state.ts'
import type { TemporalAccess } from '../command.ts'
import { Problem, usageProblem } from '../problem.ts'
import type { RunView } from '../view/model.ts'
import { readRun } from './read.ts'

const WORKER_ANSWERS_WITHIN_MS = 5_000 // an update takes milliseconds; longer means that no worker is up

export type Said = {
  service: string
  verdict: Verb
  gate?: string | undefined
  actor: string
  reason: string
}

export type Answer =
  /** The run took it; this is where it stands now. */
  | { how: 'taken'; decision: Decision; state: Decided }
  /** No worker answered; the server keeps it until one does. */
  | { how: 'kept'; decision: Decision; why: string }

export async function say(access: TemporalAccess, said: Said): Promise<Answer> {
  const { view } = await readRun(access, said.service)
  if (view.endedAt !== null) throw ended(view)
  const decision: Decision = {
    decisionId: randomUUID(),
    gate: said.verdict === 'abort' ? (said.gate ?? null) : gateFor(view, said),
    verdict: said.verdict,
    actor: said.actor,
    reason: said.reason,
    digest: view.digest,
  }
  const handle = access.client.workflow.getHandle(workflowIdOf(said.service))
  if (view.stale !== null) return await keep(handle, decision, view.stale.why)
  try {
    const update = () => handle.executeUpdate(decide, { args: [decision], updateId: decision.decisionId })
    const state = await access.client.withDeadline(Date.now() + WORKER_ANSWERS_WITHIN_MS, update)
    return { how: 'taken', decision, state }
  } catch (error) {
    const refused = refusalOf(error, said)
    if (refused !== undefined) throw refused
    if (!isUnanswered(error)) throw error
    return await keep(handle, decision, `no worker answered within ${WORKER_ANSWERS_WITHIN_MS / 1_000} s`)
  }
}

/** The named gate, else the only one that takes this verdict. */
function gateFor({ gates, service }: RunView, { gate, verdict }: Said): string {
  if (gate !== undefined) return gate
  const open = gates.filter(({ allows }) => allows.includes(verdict))
  const [only] = open
  if (only === undefined) {
    const others = gates.map(({ id, allows }) => `gate ${id} takes ${allows.join(', ')}`)
    throw new Problem({
      what: `no open gate of ${service} takes ${verdict}`,
      todo: [...others, `cutover status ${service}`],
    })
  }
  if (open.length === 1) return only.id
  throw usageProblem(
    `several gates of ${service} are open: say which`,
    open.map(({ id, title }) => `--gate ${id}   ${title}`),
  )
}

async function keep(handle: WorkflowHandle, decision: Decision, why: string): Promise<Answer> {
  const { verdict, actor, reason, gate, decisionId } = decision
  if (verdict !== 'approve' && verdict !== 'abort') {
    throw new Problem({
      what: `${verdict} was not said: it needs an answer from the run`,
      why,
      todo: ['start a worker: cutover worker', 'then say it again'],
    })
  }
  await handle.signal(verdict === 'approve' ? approve : abort, {
    actor,
    reason,
    decisionId,
    ...(gate === null ? {} : { gate }),
  })
  return { how: 'kept', decision, why }
}

function refusalOf(error: unknown, { verdict, service }: Said): Problem | undefined {
  if (error instanceof WorkflowNotFoundError) {
    return new Problem({
      what: `the run of ${service} has ended`,
      todo: [`cutover status ${service}`],
      cause: error,
    })
  }
  if (!(error instanceof WorkflowUpdateFailedError)) return undefined
  const { cause } = error
  if (cause instanceof ApplicationFailure && cause.type === REFUSED) {
    return new Problem({ what: `${verdict} was refused`, why: cause.message, cause: error })
  }
  return new Problem({ what: `${verdict} failed`, why: cause?.message ?? error.message, cause: error })
}

function isUnanswered(error: unknown): boolean {
  if (isGrpcDeadlineError(error)) return true
  return (
    error instanceof Error &&
    (isGrpcDeadlineError(error.cause) || error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError')
  )
}

function ended(view: RunView): Problem {
  return new Problem({
    what: `the run of ${view.service} has ended: ${view.outcome}`,
    todo: [`cutover status ${view.service}`, `cutover report ${view.service}`],
  })
}
