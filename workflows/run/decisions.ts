// Decisions: one pure reducer for update and signals. A decision names its gate, so a late or doubled one opens no other.
import type { Decision, Gate, RecordedDecision, RunState } from './state.ts'

const LOG_OF_DECISIONS = 500 // a bound for floods of signals; far more than people ever make

/** Why a decision cannot be taken, in words for the person who made it; null = it can. Synchronous and free of effects. */
export function refusal(state: RunState, decision: Decision): string | null {
  if (state.decisions.some((known) => known.decisionId === decision.decisionId && known.accepted)) return null
  if (state.outcome !== null) return `the run has ended: ${state.outcome}`
  if (decision.digest !== null && decision.digest !== state.digest) {
    return `this decision is about plan ${short(decision.digest)}, the run carries out plan ${short(state.digest)}`
  }
  if (decision.verdict === 'abort') return refusalOfAbort(state)
  const gate = state.gates.find((open) => open.id === decision.gate)
  if (gate === undefined) return refusalOfGate(state, decision)
  return refusalAt(gate, state, decision)
}

function refusalOfAbort(state: RunState): string | null {
  const end = state.pointOfNoReturn
  if (end === null) return null
  return `too late to abort: ${end.step} has passed the point of no return (${end.why})`
}

function refusalOfGate(state: RunState, decision: Decision): string {
  const open = state.gates.map((gate) => gate.id)
  const now = open.length === 0 ? 'no gate is open' : `open: ${open.join(', ')}`
  if (decision.gate === null) return `a decision names its gate; ${now}`
  const known = state.decisions.find((earlier) => earlier.gate === decision.gate && earlier.accepted)
  if (known !== undefined)
    return `${decision.gate} was already decided: ${known.verdict} by ${known.actor}; ${now}`
  return `gate ${decision.gate} is not open; ${now}`
}

function refusalAt(gate: Gate, state: RunState, { verdict, actor }: Decision): string | null {
  if (!gate.allows.includes(verdict)) return `${gate.id} takes ${gate.allows.join(', ')}; not ${verdict}`
  if (gate.answer !== null) return `${gate.id} was already decided: ${gate.answer}`
  if (gate.people !== 'anyone' && !gate.people.includes(actor)) {
    return `${actor} is not on the list of ${gate.id}: ${gate.people.join(', ')}`
  }
  if (verdict !== 'approve') return null
  if (!gate.selfApproval && actor === state.startedBy) {
    return `${actor} started this run and cannot approve it; another person must (self_approval is off)`
  }
  return gate.approvals.includes(actor) ? `${actor} has already approved ${gate.id}` : null
}

/**
 * Takes a decision into the state and records it, accepted or not. Doubles of an accepted decision change nothing.
 * An accepted abort does not act here: the caller ends the forward scope.
 */
export function record(
  state: RunState,
  decision: Decision,
  { at, via }: Pick<RecordedDecision, 'at' | 'via'>,
): RecordedDecision | null {
  if (state.decisions.some((known) => known.decisionId === decision.decisionId && known.accepted)) return null
  const why = refusal(state, decision)
  const recorded = { ...decision, at, via, accepted: why === null, why }
  if (state.decisions.length < LOG_OF_DECISIONS) state.decisions.push(recorded)
  const gate = state.gates.find((open) => open.id === decision.gate)
  if (why !== null || gate === undefined || decision.verdict === 'abort') return recorded
  if (decision.verdict === 'approve') {
    gate.approvals.push(decision.actor)
    if (gate.approvals.length < gate.quorum) return recorded
  }
  gate.answer = decision.verdict
  return recorded
}

function short(digest: string): string {
  return digest.slice(0, 12)
}
