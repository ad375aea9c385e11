// What a run is going to need besides its targets, and how each of it can be tried beforehand without changing anything.
// Pure: the list follows from the plan alone; the trying is an activity.
import type { Plan, PlannedConnection, PlannedStep } from './plan.ts'
import { probeOf } from './run/guards.ts'
import { connectionsIn } from './steps/connections.ts'
import { kindOf, outline } from './steps/kind-of.ts'
import type { Needs } from './steps/kind.ts'
import type { Trial } from './trial.ts'

export function trialsOf(plan: Plan): Trial[] {
  const used = usedConnections(plan)
  const at = (name: string): PlannedConnection[] => used.filter((connection) => connection.name === name)
  return [
    ...used.map((connection): Trial => ({ what: 'secrets', connection })),
    ...plan.targets.flatMap(({ connection: name, target, locks }) =>
      at(name).flatMap((connection): Trial[] => [
        { what: 'lock', connection, target, locks },
        { what: 'permission', connection, target },
      ]),
    ),
    ...plan.guards.flatMap((guard) =>
      at(guard.from).map((connection): Trial => ({ what: 'guard', connection, guard, isProof: false })),
    ),
    ...once(plan.steps.flatMap((step) => stepTrials(step, { isFirst: isFirst(step, plan), at }))),
    ...used
      .filter(({ port }) => port === 'notify')
      .map((connection): Trial => ({ what: 'notices', connection })),
  ]
}

/** A record that is lowered and then moved has the same servers to show it: they are asked once, for the first step. */
function once(trials: Trial[]): Trial[] {
  const keys = trials.map(keyOf)
  return trials.filter((_, index) => keys[index] === '' || keys.indexOf(keys[index] ?? '') === index)
}

function keyOf(trial: Trial): string {
  return trial.what === 'answers' ? `${nameOf(trial)} ${trial.resolvers.toSorted().join(' ')}` : ''
}

/** What people call it. */
export function nameOf(trial: Trial): string {
  const { name } = trial.connection
  switch (trial.what) {
    case 'guard':
      return trial.isProof ? `proof that ${trial.guard.name}` : `guard ${trial.guard.name}`
    case 'journey':
      return `journey on ${name} of ${trial.step}`
    case 'preflight':
      return `preflight of ${name}`
    case 'secrets':
      return `secrets of ${name}`
    case 'notices':
      return `notices by ${name}`
    case 'lock':
      return `lock of ${name} ${trial.target}`
    case 'answers':
      return `answers for ${name} ${trial.target}`
    case 'in-flight':
      return `requests in flight on ${name} ${trial.side}`
    case 'permission':
      return `permission to write ${name} ${trial.target}`
    default:
      return trial satisfies never
  }
}

type Place = { isFirst: boolean; at: (name: string) => PlannedConnection[] }

function stepTrials(step: PlannedStep, { isFirst: first, at }: Place): Trial[] {
  const needs: Needs = kindOf(step).needs?.(step.spec) ?? {}
  const { journeys = [], resolvers = null, proofs = [], drains = [], examinations = [] } = needs
  return [
    ...journeys.flatMap(({ connection: name, requests }) =>
      at(name).map((connection): Trial => ({
        what: 'journey',
        connection,
        step: step.id,
        requests: requests.map(probeOf),
        isFirst: first,
      })),
    ),
    ...examinations.flatMap(({ connection: name, demand, accepted }) =>
      at(name).map((connection): Trial => ({
        what: 'preflight',
        connection,
        step: step.id,
        demand,
        accepted,
        isFirst: first,
      })),
    ),
    ...drains.flatMap(({ connection: name, side }) =>
      at(name).map((connection): Trial => ({ what: 'in-flight', connection, step: step.id, side })),
    ),
    ...(resolvers === null ? [] : answers(step, resolvers, at)),
    ...proofs.flatMap((guard) =>
      at(guard.from).map((connection): Trial => ({ what: 'guard', connection, guard, isProof: true })),
    ),
  ]
}

function answers(step: PlannedStep, resolvers: string[], at: Place['at']): Trial[] {
  const { changes } = outline(step, () => undefined)
  return changes.flatMap(({ connection: name, target }) =>
    at(name).map((connection): Trial => ({ what: 'answers', connection, target, step: step.id, resolvers })),
  )
}

/** A connection that nothing refers to need not work. */
function usedConnections(plan: Plan): PlannedConnection[] {
  const names = new Set([
    ...plan.targets.map(({ connection }) => connection),
    ...plan.guards.map(({ from }) => from),
    ...plan.notify,
    ...plan.steps.flatMap((step) => connectionsIn(step).map(({ name }) => name)),
  ])
  return Object.values(plan.connections).filter(({ name }) => names.has(name))
}

function isFirst(step: PlannedStep, plan: Plan): boolean {
  return plan.steps
    .filter(({ index }) => index < step.index)
    .map((before) => outline(before, () => undefined))
    .every(({ changes, decides, shortestMs }) => changes.length === 0 && decides === null && shortestMs === 0)
}
