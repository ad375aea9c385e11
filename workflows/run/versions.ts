// Versions of plans and of states, read: whether this worker's code can carry out what a run brings with it. An older worker
// refuses what is newer, in words; a newer one takes what is older. Pure.
import type { Plan } from '../plan.ts'
import { isStepKind } from '../steps/kind-of.ts'
import type { Failed } from '../failure.ts'
import type { RunState } from './state.ts'

const PLAN_VERSION = 1 satisfies Plan['planVersion']

/** A state of any version: what it holds is known to the steps below, one by one. */
export type Versioned = { readonly stateVersion: number; readonly [field: string]: unknown }
/** `[n]` brings a state of version n into the form of version n + 1. */
export type Migrations = { readonly [from: number]: (state: Versioned) => Versioned }

/** Versions of states so far: one for each change that a default for a new field does not cover. */
const STATE_VERSION = 1 satisfies RunState['stateVersion']
const MIGRATIONS: Migrations = {}

/** Why this worker cannot carry out a plan; null = it can. Nothing has been claimed or changed when it is asked. */
export function refusalOfPlan({ planVersion, steps }: Plan): Failed | null {
  if (!isKnown(planVersion, PLAN_VERSION)) {
    return unsupported(
      `the plan has version ${planVersion}, this worker knows versions up to ${PLAN_VERSION}`,
    )
  }
  const unknown = steps.filter(({ kind }) => !isStepKind(kind)).map(({ id }) => id)
  return unknown.length === 0
    ? null
    : unsupported(`this worker does not know the kind of ${unknown.join(', ')}`)
}

/** Of a plan of an unknown version only what every version is sure to have: enough to refuse it, and to be shown. */
export function readablePlan(plan: Plan): Plan {
  if (isKnown(plan.planVersion, PLAN_VERSION)) return plan
  const { planVersion, service, digest } = plan
  return {
    planVersion,
    service,
    description: '',
    connections: {},
    guards: [],
    steps: [],
    targets: [],
    found: [],
    drain: '0s',
    notify: [],
    digest,
  }
}

/**
 * The state that a run brings from before its renewal, in the form of this version. One of a newer version is left to a
 * newer worker: the failing task records nothing, and the run goes on where it was as soon as one is up.
 */
export function presentState(carried: RunState, plan: Plan): RunState {
  const refused = refusalOfPlan(plan)
  if (refused !== null) throw new Error(refused.message)
  return migrated(carried, { newest: STATE_VERSION, migrations: MIGRATIONS }) as never
}

/** `state` in the form of version `newest`. Throws for a newer one, and for one that no step leads on from. */
export function migrated(
  state: Versioned,
  { newest, migrations }: { newest: number; migrations: Migrations },
): Versioned {
  if (!isKnown(state.stateVersion, newest)) {
    throw new Error(
      unsupported(`the state has version ${state.stateVersion}, this worker knows versions up to ${newest}`)
        .message,
    )
  }
  let present = state
  while (present.stateVersion < newest) {
    const version = present.stateVersion
    const step = migrations[version]
    if (step === undefined)
      throw new Error(`nothing brings a state of version ${version} to version ${newest}`)
    present = { ...step(present), stateVersion: version + 1 }
  }
  return present
}

/** Whole numbers from 1; anything else was not written by any version. */
function isKnown(version: unknown, newest: number): boolean {
  return typeof version === 'number' && Number.isInteger(version) && version >= 1 && version <= newest
}

function unsupported(what: string): Failed {
  return {
    kind: 'Unsupported',
    message: `${what}; run workers of the version of cutover that made the plan, or of a later one`,
    details: null,
  }
}
