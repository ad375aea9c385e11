// A wait whose end a person may move while it lasts. What is looked at meanwhile follows in looks.ts.
import { condition } from '@temporalio/workflow'
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
