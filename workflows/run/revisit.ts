// Targets that the journal does not know. A run whose history lost its tail (a reset, a forced failover) may have changed them:
// before `restored` is said, each is looked at once.
import { foundAtStart } from '../found.ts'
import type { Json } from '../json.ts'
import { calls } from './calls.ts'
import { isOf, restorationsOf } from './journal.ts'
import { isOpenEnded, isReset, plannedValues } from './planned-values.ts'
import type { Run } from './run.ts'
import { connectionOf, log } from './run.ts'
import { show } from './show.ts'
import type { Restoration } from './state.ts'

/** `lost`: what has to be restored although the journal does not know it. `looks`: how many targets were looked at. */
export async function lostWrites(run: Run): Promise<{ looks: number; lost: Restoration[] }> {
  const { plan, state } = run
  const unknown = plan.targets.flatMap((of) => {
    const found = foundAtStart(plan, of)
    const isKnown = [...state.changes, ...state.restorations].some((each) => isOf(each, of))
    return found === undefined || isKnown ? [] : [{ of, found }]
  })
  run.tries.alone += 1
  try {
    const lost = await Promise.all(unknown.map(({ of, found }) => revisit(run, of, found)))
    return { looks: unknown.length, lost: lost.flat() }
  } finally {
    run.tries.alone -= 1
  }
}

async function revisit(
  run: Run,
  { connection: name, target }: { connection: string; target: string },
  found: Json,
): Promise<Restoration[]> {
  const {
    holds,
    held,
    isReset: hasLost,
    words,
  } = await calls.revisit(`last look at ${name} ${target}`, {
    connection: connectionOf(run, name),
    target,
    found,
    planned: plannedValues(run.plan, { connection: name, target }),
    isOpenEnded: isOpenEnded(run.plan, { connection: name, target }),
    isReset: isReset(run.state),
  })
  // What comes next follows from the answer alone: the question itself is another one in a run that was reset.
  if (holds === 'found') return []
  if (holds === 'foreign') {
    log(
      run,
      `${name} ${target} ${words}; it was ${show(found)} when the plan was made, and this run has not changed it`,
    )
    return []
  }
  if (!hasLost) {
    log(run, `${name} ${target}, which this run has not changed, could not be looked at: ${words}`)
    return []
  }
  log(run, `${name} ${target} may have been changed by a part of this run whose history was lost: ${words}`)
  return restorationsOf(run.state, [{ connection: name, target, before: found }]).map((restoration) => ({
    ...restoration,
    isLost: true,
    lostValues: held,
    settled: false,
  }))
}
