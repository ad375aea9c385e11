// A run that only asks: the same question about two things side by side, then once more, without the steps around it.
import type { Plan } from '../../workflows/plan.ts'
import { type Question, ask } from '../../workflows/run/questions.ts'
import { openRun } from '../../workflows/run/open.ts'
import type { Verb } from '../../workflows/run/state.ts'

const QUESTION: Omit<Question, 'title'> = {
  kind: 'evidence',
  id: 's01/proof-1',
  waitsFor: 'a person',
  allows: ['retry', 'approve'],
}

/** What was answered about the one edge, about the other, and to the question that came afterwards. */
export async function asking(plan: Plan): Promise<Verb[]> {
  const run = openRun(plan, { startedBy: 'mia' }, null)
  const both = await Promise.all([
    ask(run, { ...QUESTION, title: 'the effect of east' }),
    ask(run, { ...QUESTION, title: 'the effect of west' }),
  ])
  return [...both, await ask(run, { ...QUESTION, title: 'the effect of east, again' })]
}
