// Every value that a plan may write to a target, and what the target held when the plan was made. By these a run whose history
// lost its tail (a reset, a forced failover) knows its own writes again. Pure but for the question whether there was a reset.
import { workflowInfo } from '@temporalio/workflow'
import { foundAtStart } from '../found.ts'
import type { Json } from '../json.ts'
import { isObject, matches, sameJson } from '../json.ts'
import { changingFacts } from '../ports/facts.ts'
import type { Plan } from '../plan.ts'
import { isMixOf } from '../ports/as-wanted.ts'
import { outline } from '../steps/kind-of.ts'
import { isOf } from './journal.ts'
import type { RunState } from './state.ts'

type Of = { connection: string; target: string }

/** In the order of the steps; each also with the parts that were found and return at the end (the TTL of a record). */
export function plannedValues(plan: Plan, of: Of): Json[] {
  const values = plan.found.map((found) => ({ ...found }))
  const valueOf = (target: Of) => values.find((each) => isOf(each, target))
  const planned: Json[] = []
  for (const step of plan.steps) {
    const { changes } = outline(step, (connection, target) => valueOf({ connection, target })?.value)
    for (const { connection, target, desired } of changes) {
      if (desired === null) continue
      const known = valueOf({ connection, target })
      if (known === undefined) values.push({ connection, target, value: desired })
      else known.value = desired
      if (isOf({ connection, target }, of)) planned.push(desired)
    }
  }
  const { temporaryParts = [] } = changingFacts(plan.connections[of.connection]?.port) ?? {}
  const found = foundAtStart(plan, of) ?? null
  const returning = isObject(found)
    ? Object.fromEntries(
        temporaryParts.flatMap((part) => (part in found ? [[part, found[part] as Json]] : [])),
      )
    : {}
  const atEnd = planned.flatMap((value) =>
    isObject(value) && Object.keys(returning).length > 0 ? [{ ...value, ...returning }] : [],
  )
  return [...planned, ...atEnd].filter(
    (value, index, all) => all.findIndex((other) => sameJson(other, value)) === index,
  )
}

/** Whether the plan writes a value to a target that it cannot name beforehand: it follows from what the run finds. */
export function isOpenEnded(plan: Plan, of: Of): boolean {
  const seen = (connection: string, target: string) => foundAtStart(plan, { connection, target })
  return plan.steps.some((step) =>
    outline(step, seen).changes.some((change) => isOf(change, of) && change.desired === null),
  )
}

/** Whether a target holds what this plan writes to it, and not what was there before. */
export function isPlanned(plan: Plan, of: Of, value: Json): boolean {
  const found = foundAtStart(plan, of)
  if (found === undefined || matches(value, found)) return false
  return isMixOf(value, [found, ...plannedValues(plan, of)])
}

/**
 * Whether this run goes on from a history that lost its tail. To be used as data for activities only, never to decide what
 * comes next: the part of the history before the reset was recorded when the answer was no.
 */
export function isReset({ wasReset = false }: Pick<RunState, 'wasReset'>): boolean {
  const { runId, originalExecutionRunId } = workflowInfo()
  return wasReset || runId !== originalExecutionRunId
}
