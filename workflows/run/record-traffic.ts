// Where users are now, kept in the state after every change and by edge: the weights that people are shown, and the served sides
// that decide which guards are watched.
import { declaredBy, edgesOf } from '../edges.ts'
import type { Json } from '../json.ts'
import { changingFacts } from '../ports/facts.ts'
import type { Serving, Weights } from '../ports/port.ts'
import { servedBy, stillServed } from '../served-sides.ts'
import { firstBefore, lastChange, lastKnown, touched } from './journal.ts'
import { measure } from './measure.ts'
import { describe } from './publish.ts'
import type { Run } from './run.ts'
import { connectionOf } from './run.ts'

type Of = { connection: string; target: string }

/** After a change of a target. */
export function recordTraffic(run: Run, of: Of): void {
  const leads = changingFacts(connectionOf(run, of.connection).port)?.leads
  if (leads === undefined) return
  const { state } = run
  const known = lastKnown(state.changes, of) as Json // not `desired`: a person may have left it undone
  const weights = leads.weights?.({ target: of.target, now: known })
  if (weights !== undefined) showWeights(run, of.connection, weights)
  const served = servedNow(run)
  state.serving = leads.isFollowedLate ? stillServed(state.serving, served) : served
  describe(run.plan, state) // the attribute follows with the hold: one upsert a weight, not two
}

/** Every user has followed what was changed. */
export function recordFollowed(run: Run): void {
  run.state.serving = servedNow(run)
}

/** After a look that is the last word on a target; null = nobody knows what it holds. */
export function recordFound(run: Run, of: Of, found: Json): void {
  const leads = changingFacts(connectionOf(run, of.connection).port)?.leads
  const weights = leads?.weights?.({ target: of.target, now: found })
  if (weights === undefined) return
  showWeights(run, of.connection, weights)
  describe(run.plan, run.state)
}

function showWeights(run: Run, edge: string, weights: Weights | null): void {
  run.state.weights[edge] = weights
  measure.weights(run.plan.service, edge, weights)
}

function servedNow({ plan, state: { changes } }: Run): Serving {
  const held = touched(changes).map((of) => ({
    ...of,
    port: plan.connections[of.connection]?.port,
    before: firstBefore(changes, of) as Json,
    now: lastKnown(changes, of) as Json,
    declared: declaredBy(plan, lastChange(changes, of)?.step ?? '', of),
  }))
  return servedBy(held, edgesOf(plan))
}
