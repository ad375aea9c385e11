// The steps of a run as its history tells them: activities and timers name the step they belong to. Pure.
import type { Plan } from '../workflows/plan.ts'
import type { RunState } from '../workflows/run/state.ts'
import type { Happening } from './happening.ts'

/** `[4/9] canary` -> 3. Activities and timers name their step that way. */
export function cursorOf(happening: Happening): number {
  if (happening.what !== 'activity' && happening.what !== 'timer') return 0
  const match = /^\[(\d+)\/\d+\]/.exec(happening.summary ?? '')
  return match === null ? 0 : Number(match[1]) - 1
}

type Progress = {
  cursor: number
  happenings: Happening[]
  outcome: RunState['outcome']
  reason: RunState['reason']
}

export function stepsUpTo(
  plan: Plan,
  base: RunState,
  { cursor, happenings, outcome, reason }: Progress,
): RunState['steps'] {
  return plan.steps.map((step, index) => {
    const known = base.steps[index]
    const isUndone =
      outcome !== null && outcome !== 'completed' && (outcome === 'restored' || reason !== null)
    if (known !== undefined && known.status !== 'pending' && index < base.cursor)
      return isUndone && known.status === 'done' ? { ...known, status: 'undone' } : known
    const started =
      happenings.find((each) => summaryOf(each).startsWith('[') && cursorOf(each) === index)?.at ?? null
    const next = happenings.find((each) => cursorOf(each) > index)?.at ?? null
    const status = statusOf({ index, cursor, isOver: outcome !== null && !isUndone })
    return {
      id: step.id,
      status:
        isUndone && status !== 'pending'
          ? wayBackOf(step.id, reason)
          : wasSkipped(step.id, happenings)
            ? 'skipped'
            : status,
      startedAt: started,
      endedAt: index < cursor ? next : null,
      notes: [],
      readings: {},
    }
  })
}

function statusOf({ index, cursor, isOver }: { index: number; cursor: number; isOver: boolean }) {
  if (isOver || index < cursor) return 'done'
  return index === cursor ? 'running' : 'pending'
}

/** What became of a step that had begun, in a run that has gone back. */
function wayBackOf(id: string, reason: RunState['reason']): 'failed' | 'undone' {
  return reason?.kind === 'failure' && reason.step === id ? 'failed' : 'undone'
}

/** Past the point of no return a person may go on without a step; that is said by update only. */
function wasSkipped(step: string, happenings: Happening[]): boolean {
  return happenings.some((happening) => {
    if (happening.what !== 'message' || happening.how !== 'update') return false
    const said = (happening.said ?? {}) as { verdict?: string; gate?: string }
    return said.verdict === 'skip' && said.gate?.startsWith(`${step}/failed-`) === true
  })
}

function summaryOf(happening: Happening): string {
  return happening.what === 'activity' || happening.what === 'timer' ? (happening.summary ?? '') : ''
}
