// Opens a run: its first state, or the carried one after continue-as-new; and the handlers through which people reach it.
import { ApplicationFailure, CancellationScope, setHandler, uuid4 } from '@temporalio/workflow'
import { REFUSED, abort, approve, decide, state as stateQuery } from '../messages.ts'
import { unreadableBecause } from '../payloads.ts'
import type { Plan } from '../plan.ts'
import { decisionWords } from './decision-words.ts'
import { record, refusal } from './decisions.ts'
import { firstState } from './first-state.ts'
import { beginLooksAnew } from './looks.ts'
import { publish } from './publish.ts'
import { extendExpiries } from './suspensions.ts'
import { milliseconds } from '../quantities.ts'
import type { Run } from './run.ts'
import { hear, log, sendBack } from './run.ts'
import { decisionOf, nameOf, signalled } from './incoming.ts'
import type { Decided, Decision, RecordedDecision, RunState } from './state.ts'
import { presentState, readablePlan } from './versions.ts'

export interface Start {
  startedBy: string
  /** What `plan` found standing in the way, when the run was started all the same. */
  despite?: string[]
  /** What cut watches had read last is kept. Left out by clients before 0.2.0: their runs go on as they began (ADR 0027). */
  keepsCut?: true
}

/** Registers every handler before anything is awaited, so that no signal or update can come too early. */
export function openRun(given: Plan, start: Start, carried: RunState | null): Run {
  const why = [given, start, carried].map(unreadableBecause).find((each) => each !== null)
  if (why !== undefined) throw new Error(`what this run was started with could not be read: ${why}`) // waits for a worker that can
  const startedBy = nameOf(start.startedBy) ?? 'unknown'
  const plan = readablePlan(given)
  const first = firstState(plan, { startedBy, startedAt: Date.now() })
  const state = carried ? { ...first, ...presentState(carried, plan) } : first // what an older engine did not carry is as at the beginning
  const run: Run = {
    plan,
    state,
    now: {
      forwardScope: null,
      renewing: false,
      renewable: 0,
      settledAt: null,
      telling: 0,
      adjusting: 0,
      stopping: null,
      lookAgain: null,
    },
    tries: { alone: 0, beside: 0 },
    askedAs: {},
    words: { within: '', said: {} },
    undo: null,
    working: [],
    looks: background(),
    looking: new Set(),
    cut: start.keepsCut === true ? [] : null,
  }
  if (carried === null)
    for (const text of start.despite ?? []) log(run, `started by ${startedBy} despite ${text}`)
  setHandler(stateQuery, () => ({ state: run.state, plan }), {
    description: 'Everything about this run, as JSON',
  })
  setHandler(
    decide,
    (said) => {
      const heard = decisionOf(said)
      if (!('unreadable' in heard)) applyDecision(run, heard, 'decision')
      return answerFrom(run.state)
    },
    {
      description:
        'Decide an open gate: { gate, verdict: approve|retry|skip|abort|extend|pause|resume, value, actor, reason, decisionId, digest }',
      validator: (said) => {
        const heard = decisionOf(said)
        const refused =
          'unreadable' in heard
            ? `the decision could not be read: ${heard.unreadable}`
            : refusal(run.state, heard)
        if (refused !== null)
          throw ApplicationFailure.create({ type: REFUSED, message: refused, nonRetryable: true })
      },
    },
  )
  setHandler(approve, (said) => onSignal(run, 'approve', said), {
    description: 'Approve the gate you name: { "gate": "s03-approve", "actor": "ana", "reason": "..." }',
  })
  setHandler(abort, (said) => onSignal(run, 'abort', said), {
    description: 'Go back and restore everything: { "actor": "ana", "reason": "..." }',
  })
  // A cancel of the workflow is one more decision to abort; otherwise it could not be refused past the point of no return.
  CancellationScope.current().cancelRequested.catch(() => {
    const said = { actor: 'workflow cancel', reason: 'cancelled through Temporal' }
    applyDecision(run, signalled('abort', said, uuid4()) as Decision, 'cancel')
  })
  return run
}

/** A cancel of the workflow does not reach it. */
function background(): CancellationScope {
  const parent = new CancellationScope({ cancellable: false })
  return new CancellationScope({ cancellable: true, parent })
}

/** A signal has no answer: what becomes of it is a line in the log. */
function onSignal(run: Run, name: 'approve' | 'abort', said: unknown): void {
  const why = unreadableBecause(said)
  if (why !== null) hear(run, `a signal ${name} could not be read: ${why}`)
  const heard = signalled(name, said, uuid4())
  if (!('unreadable' in heard)) applyDecision(run, heard, 'signal')
}

function applyDecision(run: Run, decision: Decision, via: RecordedDecision['via']): void {
  const { adjustments } = run.state
  const recorded = record(run.state, decision, { at: Date.now(), via })
  if (recorded === null) return
  const { actor, verdict, reason, gate, why } = recorded
  if (!recorded.accepted) {
    hear(run, `refused ${verdict} of ${gate ?? 'the run'} by ${actor}: ${why}`)
    return
  }
  const words = `${actor}: ${decisionWords(recorded)}${reason === '' ? '' : ` (${reason})`}`
  if (why !== null) {
    hear(run, `${words}: ${why}`)
    return
  }
  log(run, words)
  if (verdict === 'abort') sendBack(run, { kind: 'abort', actor, reason, via, at: recorded.at })
  if (run.state.adjustments !== adjustments) void beginLooksAnew(run)
  if (verdict === 'extend' && run.state.suspensions !== undefined)
    void extendExpiries(run, milliseconds(recorded.value ?? '0s'))
  publish(run.plan, run.state)
}

/** The answer to a decision: what it changed, not the whole state. */
function answerFrom({ phase, outcome, gates }: RunState): Decided {
  return { phase, outcome, gates }
}
