// announce: says one thing and goes on; a receiver that is down never stops a run.
import type { PlannedStep } from '../../plan.ts'
import { sendNotice } from '../../run/questions.ts'
import type { Run } from '../../run/run.ts'

// eslint-disable-next-line @typescript-eslint/require-await -- every step is a promise to the engine
export async function runAnnounce(run: Run, step: PlannedStep<'announce'>): Promise<void> {
  const { connection, text, level } = step.spec
  void sendNotice(run, connection, { key: step.id, title: step.title, text, level })
}
