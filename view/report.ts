// The report of a run: the view, plus planned against actual and the readings of every guard. Pure.
import type { Reading, Verdict } from '../workflows/activities.ts'
import type { Json, JsonObject } from '../workflows/json.ts'
import { outline, whyIrreversible } from '../workflows/steps/kind-of.ts'
import type { PlannedGuard } from '../workflows/plan.ts'
import { threshold } from '../workflows/quantities.ts'
import type { Limits, RunState, StateAnswer, Sum } from '../workflows/run/state.ts'
import type { ChangeView, RunView, StepView } from './model.ts'
import { movedUsers } from './users.ts'
import type { MovedUsers } from './users.ts'

export type ReportStep = StepView & {
  planned: {
    shortestMs: number
    longestMs: number | null
    changes: { connection: string; target: string; desired: Json | null }[]
    back: string
    irreversible: string | null
    decides: string | null
  }
  actual: { tookMs: number | null; changes: ChangeView[] }
}

export type ReportSeries = {
  subject: string
  /** Threshold lines in the unit of the readings. */
  limits: { label: string; value: number }[]
  query: string | null
  side: string | null
  breach: string | null
  /** Those that are still kept; the older ones are thinned. */
  readings: (Reading & { step: string })[]
  /** How many there were of each verdict, kept or not. */
  sum: Sum
  /** The run went back from a step in which it was watched: of what a watch under way then had read, the newest few reached the run at most. */
  isCut: boolean
}

export type Report = {
  reportVersion: 1
  writtenAt: string
  /** The version of cutover that wrote it. */
  writtenBy: string
  description: string
  /** Of every edge whose users were moved. */
  moved: MovedUsers[]
  run: RunView
  steps: ReportStep[]
  guards: ReportSeries[]
  /** What was carried out: the runbook with its defaults, and what was found before. */
  plan: JsonObject
}

export type Written = Pick<Report, 'writtenAt' | 'writtenBy'>

export function reportOf({ state, plan }: StateAnswer, run: RunView, written: Written): Report {
  const firstBefore = (connection: string, target: string) =>
    state.changes.find((change) => change.connection === connection && change.target === target)?.before
  return {
    reportVersion: 1,
    ...written,
    description: plan.description,
    moved: movedUsers(state, Date.parse(run.endedAt ?? written.writtenAt)),
    run,
    steps: plan.steps.map((step, index) => {
      const { shortestMs, longestMs, changes, back, decides } = outline(step, firstBefore)
      const irreversible = whyIrreversible(step, state)
      const view = run.steps[index] as StepView
      return {
        ...view,
        planned: { shortestMs, longestMs, changes, back, irreversible, decides },
        actual: { tookMs: tookMs(view), changes: run.changes.filter((change) => change.step === step.id) },
      }
    }),
    guards: seriesOf(state, plan.guards),
    plan: plan as unknown as JsonObject, // it came as JSON
  }
}

function tookMs({ startedAt, endedAt }: StepView): number | null {
  return startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt)
}

function seriesOf(state: RunState, guards: PlannedGuard[]): ReportSeries[] {
  const { steps, sums, limits } = state
  const subjects = [
    ...new Set([
      ...guards.map(({ name }) => name),
      ...steps.flatMap(({ id, readings }) => [...Object.keys(sums[id] ?? {}), ...Object.keys(readings)]),
    ]),
  ]
  return subjects.map((subject) => {
    const guard = guards.find(({ name }) => name === subject)
    return {
      subject,
      limits: guard === undefined ? [] : limitsOf(guard, limits[guard.name]),
      query: guard?.query ?? null,
      side: guard?.side ?? null,
      breach: guard?.breach ?? null,
      readings: steps
        .flatMap(({ id, readings }) => (readings[subject] ?? []).map((reading) => ({ ...reading, step: id })))
        .sort((a, b) => a.at.localeCompare(b.at)),
      sum: sumOf({ steps, sums }, subject),
      isCut: isCut(state, subject),
    }
  })
}

/** A breach comes with all that its watch had read. */
export function isCut({ reason, steps, sums, cursor }: RunState, subject: string): boolean {
  const isTold = reason === null || reason.kind === 'breach' || reason.kind === 'blind'
  return !isTold && sums[steps[cursor]?.id ?? '']?.[subject] !== undefined
}

function sumOf({ steps, sums }: Pick<RunState, 'steps' | 'sums'>, subject: string): Sum {
  const count = (wanted: Verdict) =>
    steps.reduce((sum, { id, readings }) => {
      const kept = (readings[subject] ?? []).filter(({ verdict }) => verdict === wanted).length
      return sum + Math.max(sums[id]?.[subject]?.[wanted] ?? 0, kept)
    }, 0)
  return { good: count('good'), bad: count('bad'), unknown: count('unknown') }
}

/** Those of the plan, and those that a person has put in their place. */
function limitsOf(guard: PlannedGuard, present: Limits[string] = {}): ReportSeries['limits'] {
  const { unit } = guard
  return (['max', 'min'] as const).flatMap((bound) => {
    const said = [guard[bound], present[bound]].filter((limit) => limit !== undefined)
    return [...new Set(said)].map((limit) => ({ label: `${bound} ${limit}`, value: threshold(limit, unit) }))
  })
}
