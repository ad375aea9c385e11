// Scripted trouble: which call it meets and what it does to it. Rules are data; calls.ts lets them happen.
import { changingFacts, partsOf } from '../../workflows/ports/facts.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import { thaw } from './readers.ts'
import type { ActiveRule, Fault, Rule, Verb } from './fault.ts'
import type { WorldState } from './state.ts'

/** The handle of a script: how many of its faults have happened, and its end. */
export interface Script {
  fired(): number
  end(): void
}

/** Rules are added to those that are there; of several that meet one call the first counts. */
export function script(state: WorldState, rules: Rule[]): Script {
  for (const rule of rules) refuseNonsense(rule)
  const active = rules.map((rule) => ({ ...rule, since: state.clock.now(), seen: 0, fired: 0 }))
  state.rules.push(...active)
  return {
    fired: () => active.reduce((sum, rule) => sum + rule.fired, 0),
    end: () => {
      state.rules = state.rules.filter((rule) => !active.includes(rule))
      thaw(
        state,
        active.map(({ fault }) => fault),
      )
    },
  }
}

/** The fault that meets this call. Every matching rule counts the call, whether or not it is its turn. */
export function faultOf(
  state: WorldState,
  call: { port: PortName; verb: Verb; target: string },
): Fault | null {
  let first: ActiveRule | null = null
  for (const rule of state.rules) {
    const { port, verb, target, call: turn, after = 0 } = rule.when
    if (port !== call.port || (verb !== undefined && verb !== call.verb)) continue
    if (target !== undefined && target !== call.target && !call.target.endsWith(` ${target}`)) continue
    if (state.clock.now() - rule.since < after) continue
    rule.seen += 1
    if (turn === 'every' || turn === rule.seen) first ??= rule
  }
  if (first !== null) first.fired += 1
  return first?.fault ?? null
}

const WRITE_FAULTS = ['landsLate', 'ignored', 'showsLate', 'half', 'elsewhere']

/** A fault that can never happen would make a test pass for nothing. */
function refuseNonsense({ when, fault }: Rule): void {
  const needs = WRITE_FAULTS.some((name) => name in fault)
    ? 'write'
    : 'reading' in fault
      ? 'query'
      : 'finds' in fault
        ? 'examine'
        : null
  if (needs !== null && when.verb !== needs) {
    throw new Error(`the fault ${JSON.stringify(fault)} is one of verb ${needs}, not ${when.verb ?? 'any'}`)
  }
  const facts = changingFacts(when.port)
  const changes = facts !== null
  if ('frozen' in fault && (!changes || (when.verb !== 'observe' && when.verb !== 'write'))) {
    throw new Error(`a reader freezes at an observe or write of a port that changes something`)
  }
  if ('half' in fault && partsOf(facts?.strange(when.target ?? '') ?? null).length === 0) {
    throw new Error(
      `${when.port} ${when.target ?? ''} is one number: it has no parts of which one could be done`,
    )
  }
  if ('foreign' in fault && fault.target === undefined && !changes) {
    throw new Error(`a foreign write at a call of ${when.port} must name its target`)
  }
  if (when.call !== 'every' && (!Number.isInteger(when.call) || when.call < 1)) {
    throw new Error(`call is counted from 1, or 'every', not ${when.call}`)
  }
}
