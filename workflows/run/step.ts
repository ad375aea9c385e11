// Steps in order: entering, carrying out, leaving.
import type { PlannedStep } from '../plan.ts'
import { runs } from '../steps/runs.ts'
import { type Failed } from '../failure.ts'
import { judgedOrFailedWith, reasonOf } from './failures.ts'
import { leaveReadings } from './evidence.ts'
import { measure } from './measure.ts'
import { describe } from './publish.ts'
import { beginWords, forgetWords } from './renewal.ts'
import type { Run } from './run.ts'
import { checkpoint, isIrreversible, log, note, recordOf, sendBack } from './run.ts'
import { askUnderWatch } from './watch.ts'

export function stepsLeft(run: Run): PlannedStep[] {
  return run.plan.steps.slice(run.state.cursor)
}

/** Carries out one step. A failure sends the run back; past the point of no return it asks a person instead. */
export async function perform(run: Run, step: PlannedStep): Promise<void> {
  enterStep(run, step)
  for (let attempt = 1; ; attempt++) {
    beginWords(run, { isAgain: attempt > 1 })
    try {
      await (runs[step.kind] as (run: Run, step: PlannedStep) => Promise<void>)(run, step)
      return leaveStep(run, step, 'done')
    } catch (error) {
      const failed = judgedOrFailedWith(error)
      note(run, `${failed.kind}: ${failed.message}`)
      if (!isIrreversible(run)) {
        recordOf(run, step).status = 'failed'
        recordOf(run, step).endedAt = Date.now()
        sendBack(run, reasonOf(step.id, failed, Date.now()))
        checkpoint(run)
      }
      const verb = await askUnderWatch(run, {
        kind: 'failure',
        id: `${step.id}/failed`,
        title: `${step.title} failed after the point of no return`,
        waitsFor: `a person: ${failed.kind}: ${failed.message}`,
        allows: ['retry', 'skip'],
      })
      if (verb === 'skip') return skip(run, step, failed)
    }
  }
}

function enterStep(run: Run, step: PlannedStep): void {
  checkpoint(run)
  const record = recordOf(run, step)
  if (record.status === 'running') return describe(run.plan, run.state) // taken up again by a new history
  run.state.phase = 'running'
  record.status = 'running'
  record.startedAt ??= Date.now()
  log(run, `[${step.index}/${run.plan.steps.length}] ${step.title}`)
  describe(run.plan, run.state) // attributes follow with the first wait: one upsert a step, not two
}

/** Going on without a step is on the list of what was not done: nobody may read `everything has moved` over it. */
function skip(run: Run, step: PlannedStep, failed: Failed): void {
  run.state.remainder.push({
    connection: 'step',
    target: step.id,
    note: `skipped: ${step.title}: ${failed.kind}: ${failed.message}`,
  })
  leaveStep(run, step, 'skipped')
}

function leaveStep(run: Run, step: PlannedStep, status: 'done' | 'skipped'): void {
  checkpoint(run)
  const record = recordOf(run, step)
  record.status = status
  forgetWords(run)
  leaveReadings(run.state)
  record.endedAt = Date.now()
  measure.step(run.plan.service, step.kind, record.endedAt - (record.startedAt ?? record.endedAt))
  run.state.cursor = step.index
}
