// A checked runbook -> the plan: every default filled in, every target named, one digest. Pure but for the hash.
import { createHash } from 'node:crypto'
import { digested } from '../../workflows/found.ts'
import { type Json, canonicalJson } from '../../workflows/json.ts'
import type { Found, Plan, PlannedStep, PlannedTarget } from '../../workflows/plan.ts'
import type { TargetLook } from '../../workflows/survey.ts'
import { kindOf, outline } from '../../workflows/steps/kind-of.ts'
import { spelled } from './checks/records.ts'
import type { Parts, Step } from './parts.ts'

/**
 * The order of keys and everything else that says nothing leaves no trace in a plan: runbooks of the same content give
 * the same text, not only the same digest.
 */
export function resolve(parts: Parts): Plan {
  const steps = parts.steps.map(spelled).map(plannedStep)
  const body: Omit<Plan, 'digest'> = {
    planVersion: 1,
    service: parts.service,
    description: parts.description,
    connections: Object.fromEntries(
      parts.connections.map(({ spec: _spec, ...connection }) => [connection.name, connection]),
    ),
    guards: parts.guards.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    steps,
    targets: plannedTargets(steps, parts),
    found: [],
    drain: parts.drain,
    ...(parts.terraform === undefined ? {} : { terraform: parts.terraform }),
    notify: parts.notify,
  }
  const text = canonicalJson(body as unknown as Json)
  return { ...(JSON.parse(text) as Omit<Plan, 'digest'>), digest: sha256(text) }
}

/** The same plan over a world that was looked at: what was found is part of what people approve. */
export function withFound(plan: Plan, found: Found[]): Plan {
  const body = { ...plan, found: found.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) }
  return { ...body, digest: digestOf(body) }
}

/** Every target that could be looked at: those that the run may change, and those that a change is computed from. */
export function foundIn(looks: readonly TargetLook[]): Found[] {
  return looks.flatMap(({ connection, target, observed }) =>
    observed === null ? [] : [{ connection, target, value: observed.value }],
  )
}

function nameOf({ connection, target }: Found): string {
  return `${connection} ${target}`
}

/** The digest that a plan should have; `start` and the worker compare it with the one it carries. */
export function digestOf(plan: Plan): string {
  return sha256(canonicalJson(digested(plan)))
}

function plannedStep(step: Step): PlannedStep {
  const index = step.index + 1
  const id = `s${String(index).padStart(2, '0')}-${step.kind}`
  const title = step.spec.title ?? kindOf(step).title(step.spec)
  return { id, index, kind: step.kind, title, spec: step.spec } as PlannedStep
}

function plannedTargets(steps: readonly PlannedStep[], parts: Parts): PlannedTarget[] {
  const targets = new Map<string, PlannedTarget>()
  for (const { connection, target } of steps.flatMap((step) => outline(step, () => undefined).changes)) {
    const found = parts.connections.find(({ name }) => name === connection)
    if (found === undefined) continue
    const locks = found.spec.locks(found.config, target).toSorted()
    targets.set(`${connection} ${target}`, { connection, target, locks })
  }
  return [...targets].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target)
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
