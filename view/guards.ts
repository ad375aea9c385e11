// Guards as people see them: what the plan says, joined with the newest reading of each. Pure.
import type { Reading } from '../workflows/activities.ts'
import type { Plan, PlannedGuard } from '../workflows/plan.ts'
import { goodWanted } from './ahead.ts'
import { inARow, threshold } from '../workflows/quantities.ts'
import type { RunState } from '../workflows/run/state.ts'
import type { GuardView } from './model.ts'
import { isCut } from './report.ts'
import type { SubjectState } from './pending.ts'

type Subjects = { [name: string]: SubjectState }
type LiveSubjects = {
  live: Subjects
  /** False: a worker knows more than is known here. */
  isWhole: boolean
}

const FAR_BEYOND = 1_000 // times the limit; JSON knows no infinity
const CUT = 'watched until the run went back; what was read then is not kept'
const UNTOLD = 'unknown: only a worker can tell what was read last'

/** Every guard of the plan, then every other subject that was looked at (journeys, proofs). */
export function guardViews(plan: Plan, state: RunState, { live, isWhole }: LiveSubjects): GuardView[] {
  const recorded = newestReadings(state)
  const goodAt = goodWanted(plan, state)
  const planned = plan.guards.map((guard) => {
    const view = guardView(
      { ...guard, ...state.limits[guard.name] },
      { goodAt, live: live[guard.name], recorded: recorded[guard.name] },
    )
    return view.verdict === null && isCut(state, guard.name) ? { ...view, text: CUT } : view
  })
  const names = new Set([...Object.keys(recorded), ...Object.keys(live)])
  const others = [...names].filter((name) => plan.guards.every((guard) => guard.name !== name))
  const views = [...planned, ...others.map((name) => otherView(name, live[name], recorded[name]))]
  return isWhole ? views : views.map(orUnknown)
}

/** No reading is no sign that nobody looked, where the readings cannot be asked for. */
function orUnknown(view: GuardView): GuardView {
  return view.verdict === null ? { ...view, verdict: 'unknown', text: UNTOLD } : view
}

/** Newest reading per subject over all steps. */
function newestReadings(state: RunState): { [subject: string]: Reading } {
  const newest: { [subject: string]: Reading } = {}
  for (const step of state.steps) {
    for (const [subject, readings] of Object.entries(step.readings)) {
      const last = readings.at(-1)
      const known = newest[subject]
      if (last !== undefined && (known === undefined || known.at <= last.at)) newest[subject] = last
    }
  }
  const { reason } = state
  if (reason?.kind === 'breach' || reason?.kind === 'blind') newest[reason.subject] ??= reason.evidence
  return newest
}

type Known = { goodAt: number | null; live: SubjectState | undefined; recorded: Reading | undefined }

function guardView(guard: PlannedGuard, { goodAt, live, recorded }: Known): GuardView {
  const reading = readingView(live, recorded)
  return {
    name: guard.name,
    kind: 'guard',
    side: guard.side,
    of: guard.of ?? null,
    query: guard.query.replaceAll('$side', guard.side),
    ...reading,
    goodAt: live === undefined ? null : goodAt,
    nearness: nearnessOf(guard, reading.value),
    limit: live?.last?.limit ?? recorded?.limit ?? limitOf(guard),
    breachAt: inARow(guard.breach),
    dryRun: guard.dry_run,
  }
}

function otherView(name: string, live?: SubjectState, recorded?: Reading): GuardView {
  return {
    name,
    kind: kindByName(name),
    side: null,
    of: null,
    query: null,
    ...readingView(live, recorded),
    goodAt: null,
    nearness: null,
    limit: live?.last?.limit ?? recorded?.limit ?? null,
    breachAt: null,
    dryRun: false,
  }
}

function kindByName(name: string): GuardView['kind'] {
  if (name.startsWith('proof')) return 'proof'
  if (name.startsWith('preflight of ')) return 'preflight'
  return name.startsWith('in flight') ? 'in-flight' : 'journey'
}

function readingView(live?: SubjectState, recorded?: Reading) {
  const last = live?.last ?? recorded ?? null
  return {
    verdict: last?.verdict ?? null,
    value: last?.value ?? null,
    samples: last?.samples ?? null,
    text: last?.text ?? null,
    at: last?.at ?? null,
    badInRow: live?.badInRow ?? 0,
    goodInRow: live?.goodInRow ?? 0,
  }
}

/** Of the limit that is nearest. A limit of zero, or below, has no share. */
function nearnessOf({ max, min, unit }: PlannedGuard, value: number | null): number | null {
  if (value === null) return null
  const upper = max === undefined ? 0 : threshold(max, unit)
  const lower = min === undefined ? 0 : threshold(min, unit)
  const shares = [
    ...(upper > 0 ? [Math.max(0, value) / upper] : []),
    ...(lower > 0 ? [value > 0 ? lower / value : FAR_BEYOND] : []),
  ]
  return shares.length === 0 ? null : Math.min(FAR_BEYOND, Math.max(...shares))
}

function limitOf(guard: PlannedGuard): string {
  const parts = [
    ...(guard.max === undefined ? [] : [`max ${guard.max}`]),
    ...(guard.min === undefined ? [] : [`min ${guard.min}`]),
    ...(guard.compare?.increase_max === undefined
      ? []
      : [`at most ${guard.compare.increase_max} above ${guard.compare.to}`]),
    ...(guard.compare?.difference_max === undefined
      ? []
      : [`at most ${guard.compare.difference_max} above ${guard.compare.to}`]),
  ]
  return parts.join(', ')
}
