// The report of a run: the view, plus planned against actual and the readings of every guard. Pure.
import type { Reading } from '../../workflows/activities.ts'
import type { Json } from '../../workflows/json.ts'
import { outline } from '../../workflows/steps/outlines.ts'
import type { PlannedGuard } from '../../workflows/plan.ts'
import { threshold } from '../../workflows/quantities.ts'
import type { StateAnswer } from '../../workflows/run/state.ts'
import type { ChangeView, RunView, StepView } from './model.ts'

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
  readings: (Reading & { step: string })[]
}

export type Report = {
  reportVersion: 1
  writtenAt: string
  description: string
  run: RunView
  steps: ReportStep[]
  guards: ReportSeries[]
}

export function reportOf({ state, plan }: StateAnswer, run: RunView, writtenAt: string): Report {
  const firstBefore = (connection: string, target: string) =>
    state.changes.find((change) => change.connection === connection && change.target === target)?.before
  return {
    reportVersion: 1,
    writtenAt,
    description: plan.description,
    run,
    steps: plan.steps.map((step, index) => {
      const { shortestMs, longestMs, changes, back, irreversible, decides } = outline(step, firstBefore)
      const view = run.steps[index] as StepView
      return {
        ...view,
        planned: { shortestMs, longestMs, changes, back, irreversible, decides },
        actual: { tookMs: tookMs(view), changes: run.changes.filter((change) => change.step === step.id) },
      }
    }),
    guards: seriesOf(state.steps, plan.guards),
  }
}

function tookMs({ startedAt, endedAt }: StepView): number | null {
  return startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt)
}

function seriesOf(steps: StateAnswer['state']['steps'], guards: PlannedGuard[]): ReportSeries[] {
  const subjects = [
    ...new Set([
      ...guards.map(({ name }) => name),
      ...steps.flatMap(({ readings }) => Object.keys(readings)),
    ]),
  ]
  return subjects.map((subject) => {
    const guard = guards.find(({ name }) => name === subject)
    return {
      subject,
      limits: guard === undefined ? [] : limitsOf(guard),
      query: guard?.query ?? null,
      side: guard?.side ?? null,
      breach: guard?.breach ?? null,
      readings: steps
        .flatMap(({ id, readings }) => (readings[subject] ?? []).map((reading) => ({ ...reading, step: id })))
        .sort((a, b) => a.at.localeCompare(b.at)),
    }
  })
}

function limitsOf({ max, min, unit }: PlannedGuard): ReportSeries['limits'] {
  return [
    ...(max === undefined ? [] : [{ label: `max ${max}`, value: threshold(max, unit) }]),
    ...(min === undefined ? [] : [{ label: `min ${min}`, value: threshold(min, unit) }]),
  ]
}
