// Says a decision to a run and brings back its answer. Where no worker answers, approve and abort go as plain signals,
// which the server keeps until one does; the decision's id makes sure that it counts once.
import { randomUUID } from 'node:crypto'
import { ApplicationFailure, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client'
import type { WorkflowHandle } from '@temporalio/client'
import { REFUSED, abort, approve, decide, workflowIdOf } from '../workflows/messages.ts'
import type { Decision, Verb } from '../workflows/run/state.ts'
import type { TemporalAccess } from './access.ts'
import type { RunView } from './model.ts'
import { toRun } from './chain.ts'
import { readRun } from './read.ts'
import { isFinal, serverErrorOf } from './server-error.ts'
import { RunTrouble } from './trouble.ts'

const WORKER_ANSWERS_WITHIN_MS = 5_000 // an update takes milliseconds; longer means that no worker is up
const SERVER_TAKES_WITHIN_MS = 20_000 // a signal is for the server alone; a busy one may take its time

export type DecisionRequest = {
  service: string
  verdict: Verb
  gate?: string | undefined
  value?: string | undefined
  /** The run that is meant; default: the one under way. */
  runId?: string | undefined
  actor: string
  reason: string
}

/** What the run did with a decision, as far as its answer says; nulls where that could not be read. */
export type DecisionOutcome = {
  phase: string | null
  /** Approvals that the gate still needs. */ missing: number | null
}

export type Answer =
  /** The run took it. */
  | { how: 'taken'; decision: Decision; taken: DecisionOutcome; runId: string | undefined }
  /** No worker answered; the server keeps it until one does. */
  | { how: 'kept'; decision: Decision; why: string; runId: string | undefined }

/** Approve, retry, skip and extend: about a gate of a run that has been looked at, so they are said to that run only. */
export async function say(access: TemporalAccess, said: DecisionRequest): Promise<Answer> {
  const { view } = await readRun(access, said.service, { runId: said.runId })
  if (view.endedAt !== null) throw ended(view)
  const decision: Decision = {
    decisionId: randomUUID(),
    gate: gateFor(view, said),
    verdict: said.verdict,
    ...(said.value === undefined ? {} : { value: said.value }),
    actor: said.actor,
    reason: said.reason,
    digest: view.digest,
  }
  const of = { workflowId: workflowIdOf(said.service), runId: view.runId }
  const inRun = async <T>(send: (handle: WorkflowHandle) => Promise<T>): Promise<T> => {
    try {
      return await toRun(access.client, of, send)
    } catch (error) {
      throw error instanceof WorkflowNotFoundError ? noLonger(said, error) : error
    }
  }
  if (view.stale === null) {
    const answer = await inRun((handle) => update(access, handle, decision)).catch((error: unknown) => {
      throw refusalOf(error, said) ?? error
    })
    if (answer !== null) return { how: 'taken', decision, ...answer }
  }
  const why = view.stale?.why ?? `no worker answered within ${WORKER_ANSWERS_WITHIN_MS / 1_000} s`
  if (said.verdict !== 'approve') {
    const { service, verdict } = said
    const what = `${verdict} was not said: it needs an answer from the run`
    throw new RunTrouble({ code: 'unanswered', service, verdict }, { what, why })
  }
  await inRun((handle) => leave(access, handle, decision))
  return { how: 'kept', decision, why, runId: view.runId }
}

/** Sends it and waits for the answer; null = nobody answered in time. A refusal is raised as the client raises it. */
export async function update(
  { client }: TemporalAccess,
  handle: WorkflowHandle,
  decision: Decision,
): Promise<{ taken: DecisionOutcome; runId: string | undefined } | null> {
  const end = Date.now() + WORKER_ANSWERS_WITHIN_MS
  try {
    const begun = await client.withDeadline(end, () =>
      handle.startUpdate(decide, {
        args: [decision],
        updateId: decision.decisionId,
        waitForStage: 'ACCEPTED',
      }),
    )
    const { workflowRunId: runId } = begun
    try {
      return { taken: takenOf(await client.withDeadline(end, () => begun.result()), decision), runId }
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw error
      return { taken: { phase: null, missing: null }, runId } // it was accepted; only the answer is late or cannot be decoded
    }
  } catch (error) {
    if (isUnanswered(error)) return null
    throw error
  }
}

/** Leaves it with the server as a signal. */
export async function leave(
  { client }: TemporalAccess,
  handle: WorkflowHandle,
  { verdict, actor, reason, gate, decisionId }: Decision,
): Promise<void> {
  await client.withDeadline(Date.now() + SERVER_TAKES_WITHIN_MS, () =>
    handle.signal(verdict === 'approve' ? approve : abort, {
      actor,
      reason,
      decisionId,
      ...(gate === null ? {} : { gate }),
    }),
  )
}

/** The answer of a worker of this version or of another one: what is not in it is not known. */
function takenOf(answer: unknown, { gate }: Decision): DecisionOutcome {
  const { phase, gates } = (answer ?? {}) as {
    phase?: string
    gates?: { id: string; quorum: number; approvals: string[]; answer: unknown }[]
  }
  const open = gates?.find(({ id, answer: given }) => id === gate && given === null)
  return {
    phase: phase ?? null,
    missing: gates === undefined ? null : open === undefined ? 0 : open.quorum - open.approvals.length,
  }
}

/** They are about the hold in progress, a guard, or the whole run. */
const NEEDS_NO_GATE: Verb[] = ['extend', 'retune', 'promote', 'pause', 'resume']

/** The named gate, else the only one that takes this verdict. */
function gateFor({ gates, service }: RunView, { gate, verdict }: DecisionRequest): string | null {
  if (gate !== undefined) return gate
  if (NEEDS_NO_GATE.includes(verdict)) return null
  const open = gates.filter(({ allows }) => allows.includes(verdict))
  const [only] = open
  if (only === undefined) {
    const others = gates.map(({ id, allows }) => ({ id, allows }))
    throw new RunTrouble(
      { code: 'no-gate', service, verdict, gates: others },
      {
        what:
          gates.length === 0
            ? `${service} asks nothing at this moment`
            : `${service} asks nothing that ${verdict} answers`,
      },
    )
  }
  if (open.length === 1) return only.id
  throw new RunTrouble(
    { code: 'several-gates', service, gates: open.map(({ id, title }) => ({ id, title })) },
    { what: `several gates of ${service} are open: say which` },
  )
}

/** A refusal of the run, in its words; undefined = it is another kind of failure. */
export function refusalOf(error: unknown, { service, verdict }: DecisionRequest): RunTrouble | undefined {
  if (!(error instanceof WorkflowUpdateFailedError)) return undefined
  const { cause } = error
  const isRefusal = cause instanceof ApplicationFailure && cause.type === REFUSED
  return new RunTrouble(
    { code: isRefusal ? 'refused' : 'decision-failed', service, verdict },
    {
      what: `${verdict} ${isRefusal ? 'was refused' : 'failed'}`,
      why: cause?.message ?? error.message,
      cause: error,
    },
  )
}

/** Whether it may help to send the same again in another way: nobody answered, or the way to the server was cut. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof Error && error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError') return true
  const found = serverErrorOf(error)
  return found !== undefined && !isFinal(found)
}

function noLonger({ service, runId }: DecisionRequest, cause: unknown): RunTrouble {
  return new RunTrouble(
    { code: 'ended', service, runId: runId ?? null, outcome: null },
    { what: `the run of ${service} has ended`, cause },
  )
}

export function ended({ service, runId, outcome }: RunView): RunTrouble {
  return new RunTrouble(
    { code: 'ended', service, runId, outcome },
    { what: `the run of ${service} has ended: ${outcome}` },
  )
}
