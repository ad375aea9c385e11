// Decisions: one pure reducer for update and signals. A decision names its gate, so a late or doubled one opens no other.
import { isSamePerson, listed, personKey } from '../people.ts'
import { extend, refusalOfExtension } from './extension.ts'
import { pause, refusalOfPause } from './pause.ts'
import { promote, refusalOfPromotion } from './promotion.ts'
import { refusalOfRetuning, retune } from './retuning.ts'
import type { Decision, Gate, RecordedDecision, RunState, Verb } from './state.ts'

const WITHOUT_EFFECT_MAX = 50 // refused ones and the like: what a flood of signals may leave; older ones are only counted
const WHY_MAX = 300 // a list of people may be long
const IDLE_REASON_MAX = 200 // of one without effect

type Deed = {
  refusal(state: RunState, decision: Decision): string | null
  act(state: RunState, decision: Decision, at: number): void
}

/** Decisions that answer no question but do something themselves. */
const DEEDS: { [verb in Verb]?: Deed } = {
  extend: { refusal: refusalOfExtension, act: extend },
  retune: { refusal: refusalOfRetuning, act: retune },
  promote: { refusal: refusalOfPromotion, act: promote },
  pause: { refusal: refusalOfPause, act: pause },
  resume: { refusal: refusalOfPause, act: pause },
}

/** Why a decision cannot be taken, in words for the person who made it; null = it can. Synchronous and free of effects. */
export function refusal(state: RunState, decision: Decision): string | null {
  if (isDouble(state, decision)) return null
  if (state.outcome !== null) return `the run has ended: ${state.outcome}`
  if (decision.digest !== null && decision.digest !== state.digest) {
    return `this decision is about plan ${short(decision.digest)}, the run carries out plan ${short(state.digest)}`
  }
  if (decision.verdict === 'abort') return refusalOfAbort(state)
  const deed = DEEDS[decision.verdict]
  if (deed !== undefined) return deed.refusal(state, decision)
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
  if (personKey(actor) === '') return 'a decision says who made it: the name is empty'
  if (gate.people !== 'anyone' && listed(gate.people, actor) === undefined) {
    return `${actor} is not on the list of ${gate.id}: ${gate.people.join(', ')}`
  }
  if (verdict !== 'approve') return null
  if (!gate.selfApproval && isSamePerson(actor, state.startedBy)) {
    return `${actor} started this run and cannot approve it; another person must (self_approval is off)`
  }
  return listed(gate.approvals, actor) === undefined ? null : `${actor} has already approved ${gate.id}`
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
  if (isDouble(state, decision)) return null
  const refused = refusal(state, decision)
  const why = refused ?? (isIdle(state, decision) ? 'the run is going back already' : null)
  const recorded = { ...decision, at, via, accepted: refused === null, why: why?.slice(0, WHY_MAX) ?? null }
  if (why !== null) recorded.reason = recorded.reason.slice(0, IDLE_REASON_MAX)
  keep(state, recorded)
  if (why === null) DEEDS[decision.verdict]?.act(state, decision, at)
  const gate = state.gates.find((open) => open.id === decision.gate)
  if (why !== null || gate === undefined || !gate.allows.includes(decision.verdict)) return recorded
  if (decision.verdict === 'approve') {
    const { actor } = decision
    gate.approvals.push(gate.people === 'anyone' ? actor : (listed(gate.people, actor) ?? actor))
    if (gate.approvals.length < gate.quorum) return recorded
  }
  gate.answer = decision.verdict
  return recorded
}

/** Who approved a question, as its list writes them; of one that was asked again (`NAME~2`) the last time counts. */
export function approvedBy({ decisions }: RunState, question: string, people: Gate['people']): string[] {
  const approvals = decisions.filter(
    ({ accepted, verdict, gate }) =>
      accepted && verdict === 'approve' && (gate === question || gate?.startsWith(`${question}~`)),
  )
  return approvals
    .filter(({ gate }) => gate === approvals.at(-1)?.gate)
    .map(({ actor }) => (people === 'anyone' ? actor : (listed(people, actor) ?? actor)))
}

function isDouble({ decisions }: RunState, { decisionId }: Decision): boolean {
  return decisions.some((known) => known.decisionId === decisionId && known.accepted)
}

/** Whoever aborts a run that goes back is right, and changes nothing. */
function isIdle({ reason }: RunState, { verdict }: Decision): boolean {
  return verdict === 'abort' && reason !== null
}

/** What had an effect is never dropped: audit, quorum and the names of gates rest on it. */
function keep(state: RunState, recorded: RecordedDecision): void {
  state.decisions.push(recorded)
  const idle = state.decisions.filter(hadNoEffect)
  if (idle.length <= WITHOUT_EFFECT_MAX) return
  state.decisions.splice(state.decisions.findIndex(hadNoEffect), 1)
  state.forgotten += 1
}

function hadNoEffect({ why }: RecordedDecision): boolean {
  return why !== null
}

function short(digest: string): string {
  return digest.slice(0, 12)
}
