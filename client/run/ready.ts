// Whether a run may be started: what a survey found standing in its way, and what the one who starts says to it.
import { Problem } from '../problem.ts'
import { counted } from '../output/words.ts'
import { problemTexts, problemsOf, quorumProblems } from '../runbook/plan-problems.ts'
import type { Review } from '../runbook/review.ts'

const IGNORE_PROBLEMS = 'ignore-problems'

type Starting = { file: string; actor: string; isIgnoring: boolean }

/** The problems that are gone over; fails with the whole list otherwise. A lock is never gone over: the run would end at once. */
export function demandReady({ plan, survey }: Review, { file, actor, isIgnoring }: Starting): string[] {
  const problems = [...problemsOf(plan, survey), ...quorumProblems(plan, actor)]
  const locked = problems.filter(({ what }) => what === 'lock')
  const isLocked = locked.length > 0
  if (problems.length === 0) return []
  const texts = problemTexts(problems)
  if (isIgnoring && !isLocked) return texts
  throw new Problem({
    what: `no run of ${plan.service} was started: ${counted(problems.length, 'problem')} in the way`,
    why: texts.join('\n'),
    todo: isLocked
      ? ['cutover list   shows the runs that are under way; start when the holder has ended']
      : [
          `put them right; cutover plan ${file} looks again`,
          `--${IGNORE_PROBLEMS}   starts over them; the run keeps who did, and what they were`,
        ],
    facts: { code: isLocked ? 'locked' : 'not-ready', problems },
  })
}
