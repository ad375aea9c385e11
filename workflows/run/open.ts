// Opens a run: its first state, or the carried one after continue-as-new; and the handlers through which people reach it.
import { ApplicationFailure, CancellationScope, setHandler, uuid4 } from '@temporalio/workflow'
import { REFUSED, abort, approve, decide, state as stateQuery } from '../messages.ts'
import type { SignalledDecision } from '../messages.ts'
import type { Plan } from '../plan.ts'
import { record, refusal } from './decisions.ts'
import { firstState } from './first-state.ts'
import { publish } from './publish.ts'
import type { Run } from './run.ts'
import { log, sendBack } from './run.ts'
import type { Decision, RecordedDecision, RunState, Verb } from './state.ts'

export interface Start {
  startedBy: string
}

/** Registers every handler before anything is awaited, so that no signal or update can come too early. */
export function openRun(plan: Plan, start: Start, carried: RunState | null): Run {
  const { startedBy } = start
  const state = carried ?? firstState(plan, { startedBy, startedAt: Date.now() })
  const run: Run = { plan, state, forwardScope: null, looks: background() }
  setHandler(stateQuery, () => ({ state: run.state, plan }), {
    description: 'Everything about this run, as JSON',
  })
  setHandler(
    decide,
    (decision) => {
      take(run, decision, 'decision')
      return run.state
    },
    {
      description:
        'Decide an open gate: { gate, verdict: approve|retry|skip|abort, actor, reason, decisionId, digest }',
      validator: (decision) => {
        const why = refusal(run.state, decision)
        if (why !== null) throw ApplicationFailure.create({ type: REFUSED, message: why, nonRetryable: true })
      },
    },
  )
  setHandler(approve, (said) => take(run, signalled('approve', said), 'signal'), {
    description: 'Approve the gate you name: { "gate": "s03-approve", "actor": "ana", "reason": "..." }',
  })
  setHandler(abort, (said) => take(run, signalled('abort', said), 'signal'), {
    description: 'Go back and restore everything: { "actor": "ana", "reason": "..." }',
  })
  // A cancel of the workflow is one more decision to abort; otherwise it could not be refused past the point of no return.
  CancellationScope.current().cancelRequested.catch(() => {
    take(
      run,
      signalled('abort', { actor: 'workflow cancel', reason: 'cancelled through Temporal' }),
      'cancel',
    )
  })
  return run
}

/** A cancel of the workflow does not reach it. */
function background(): CancellationScope {
  const parent = new CancellationScope({ cancellable: false })
  return new CancellationScope({ cancellable: true, parent })
}

function take(run: Run, decision: Decision, via: RecordedDecision['via']): void {
  const recorded = record(run.state, decision, { at: Date.now(), via })
  if (recorded === null) return
  const { actor, verdict, reason, gate } = recorded
  if (!recorded.accepted) {
    log(run, `refused ${verdict} of ${gate ?? 'the run'} by ${actor}: ${recorded.why}`)
    return
  }
  log(run, `${actor}: ${verdict}${gate === null ? '' : ` ${gate}`}${reason === '' ? '' : ` (${reason})`}`)
  if (verdict === 'abort') sendBack(run, { kind: 'abort', actor, reason, via, at: recorded.at })
  publish(run.plan, run.state)
}

function signalled(verdict: Verb, said: SignalledDecision | undefined): Decision {
  return {
    decisionId: said?.decisionId ?? uuid4(),
    gate: said?.gate ?? null,
    verdict,
    actor: said?.actor ?? 'someone (by signal)',
    reason: said?.reason ?? '',
    digest: null,
  }
}
