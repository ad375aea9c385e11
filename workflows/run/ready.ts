// Instances that were ordered and ready may be gone again by the time users come: an autoscaler took them away while people
// were being asked. They are looked at again before each larger share.
import type { Capacity } from '../ports/capacity.ts'
import { isAsWanted } from '../ports/as-wanted.ts'
import type { PlannedStep } from '../plan.ts'
import { milliseconds } from '../quantities.ts'
import { guardsOf } from './guarding.ts'
import { type Confirming, type Holding, hold } from './hold.ts'
import { lastKnown, touched } from './journal.ts'
import { observe } from './observe.ts'
import type { Run } from './run.ts'
import { connectionOf, note, stepOf } from './run.ts'
import { show } from './show.ts'

const READY_EVERY_MS = 1_000 // instances take seconds to minutes; a look is one small call

type Ordered = { connection: string; target: string; wanted: Capacity; withinMs: number }

/** Goes on when every instance that this run has ordered can serve; otherwise waits for it under watch, and asks in the end. */
export async function expectReady(run: Run): Promise<null> {
  for (const ordered of orderedBy(run)) {
    const { connection, target, wanted } = ordered
    const seen = await observe(run, ordered, 'look again at')
    const ready = seen.facts?.['ready']
    const isServing = typeof ready !== 'number' || ready >= wanted.count
    if (isAsWanted('capacity', seen, wanted) && isServing) continue
    const facts = typeof ready === 'number' ? `, ${ready} ready` : ''
    note(run, `${connection} ${target}: ${show(wanted)} ordered, ${show(seen.value)} found${facts}`)
    await untilReady(run, ordered, { key: `ready/${connection}/${target}`, otherwise: 'ask' })
  }
  return null
}

/** Waits under watch until every instance that was ordered can serve. */
export async function untilReady(
  run: Run,
  { connection, target, wanted, withinMs }: Ordered,
  { key, otherwise }: Pick<Holding, 'key'> & Pick<Confirming, 'otherwise'>,
): Promise<void> {
  await hold(run, {
    key,
    title: `${target} side with ${wanted.count} instances ready`,
    forMs: 0,
    subjects: guardsOf(run.plan, run.state, { step: stepOf(run), good: 1 }),
    gating: null,
    confirm: [
      { connection, target, desired: wanted, options: {}, everyMs: READY_EVERY_MS, withinMs, otherwise },
    ],
  })
}

/** What prewarm steps have ordered, or found to be there already. */
function orderedBy(run: Run): Ordered[] {
  const { plan, state } = run
  return touched(state.changes).flatMap((of) => {
    if (connectionOf(run, of.connection).port !== 'capacity') return []
    const prewarm = plan.steps.find(
      (step): step is PlannedStep<'prewarm'> =>
        step.kind === 'prewarm' && step.spec.connection === of.connection && step.spec.side === of.target,
    )
    const wanted = lastKnown(state.changes, of) as Capacity | undefined
    if (prewarm === undefined || wanted === undefined || wanted.count === 0) return []
    return [{ ...of, wanted, withinMs: milliseconds(prewarm.spec.ready_within) }]
  })
}
