// Waits whose end, or whose limits, a person may change while they last. The look under way is ended and begun anew with what it
// has counted, so that no row of checks begins again without need.
import { condition } from '@temporalio/workflow'
import type { LookMemory } from '../activities.ts'
import { recalled, takeUp } from './renewal.ts'
import { recounted } from './retuning.ts'
import type { Run } from './run.ts'
import { firstOf } from './scopes.ts'
import { leftUntil } from './time.ts'

/** Waits for a moment that may be moved meanwhile, or until `isOver`. True = it was over before the moment came. */
export async function untilMoment(
  moment: () => number,
  { summary, isOver = () => false }: { summary: () => string; isOver?: () => boolean },
): Promise<boolean> {
  for (;;) {
    const known = moment()
    const isEnded = await condition(() => isOver() || moment() !== known, leftUntil(known), {
      summary: summary(),
    })
    if (isOver()) return true
    if (!isEnded && moment() === known) return false
  }
}

/**
 * A look whose times and limits may be changed while it lasts: `look` reads them each time it begins. What the look `name` has counted is
 * read from the server before it is ended, and the next one takes it up; at most the look of that very moment is lost.
 */
export async function extendable<T>(run: Run, name: string, look: () => Promise<T>): Promise<T> {
  for (;;) {
    const known = run.state.adjustments
    const from = run.state.limits
    const isChanged = () => run.state.adjustments !== known
    const end: { ended: { result: T } | null; memory: LookMemory | undefined } = {
      ended: null,
      memory: undefined,
    }
    await firstOf([
      async () => {
        const result = await look()
        end.ended = { result }
      },
      async () => {
        await condition(isChanged)
        end.memory = (await recalled(run))[name]
      },
    ])
    if (end.ended !== null && !isChanged()) return end.ended.result // else it was found under the old ones
    if (end.memory !== undefined) takeUp(run, name, recounted(end.memory, { from, to: run.state.limits }))
  }
}
