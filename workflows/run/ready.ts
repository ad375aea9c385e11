// Instances that were ordered and ready may be gone again by the time users come: an autoscaler took them away while people
// were being asked. They are looked at again before each larger share.
import type { Capacity } from '../ports/capacity.ts'
import { isAsWanted } from '../ports/as-wanted.ts'
import { kindOf } from '../steps/kind-of.ts'
import { guardsOf } from './guards.ts'
import { hold } from './hold.ts'
import type { Confirming, Holding } from './holding.ts'
import { isOf, lastKnown, touched } from './journal.ts'
import { observe } from './observe.ts'
import { once } from './renewal.ts'
import type { Run } from './run.ts'
import { connectionOf, note, stepOf } from './run.ts'
import { show } from './show.ts'

const READY_EVERY_MS = 1_000 // instances take seconds to minutes; a look is one small call

export type Ordered = { connection: string; target: string; wanted: Capacity; withinMs: number }

/** Goes on when every instance that this run has ordered can serve; otherwise waits for it under watch, and asks in the end. */
export async function expectReady(run: Run): Promise<null> {
  for (const ordered of orderedBy(run)) {
    const { connection, target, wanted } = ordered
    const seen = await observe(run, { connection, target }, 'look again at')
    const ready = seen.facts?.['ready']
    const isServing = typeof ready !== 'number' || ready >= wanted.count
    if (isAsWanted(connectionOf(run, connection).port, seen, wanted) && isServing) continue
    const facts = typeof ready === 'number' ? `, ${ready} ready` : ''
    note(run, `${connection} ${target}: ${show(wanted)} ordered, ${show(seen.value)} found${facts}`)
    await untilReady(run, [ordered], { key: `ready/${connection}/${target}`, otherwise: 'ask' })
  }
  return null
}

/** How many instances of a side can serve, all connections together; a look each, and none at what was known. */
export async function readyOn(run: Run, connections: readonly string[], side: string): Promise<number> {
  return await once(run, `ready on ${side}`, async () => {
    let ready = 0
    for (const connection of connections) {
      const seen = await observe(run, { connection, target: side }, 'look at')
      const serving = seen.facts?.['ready']
      ready += typeof serving === 'number' ? serving : (seen.value as Capacity).count
    }
    return ready
  })
}

/** Waits under watch until every instance that was ordered can serve. */
export async function untilReady(
  run: Run,
  ordered: Ordered[],
  { key, otherwise }: Pick<Holding, 'key'> & Pick<Confirming, 'otherwise'>,
): Promise<void> {
  await hold(run, {
    key,
    title: ordered.map((each) => titleOf(each, ordered.length)).join(', '),
    forMs: 0,
    subjects: guardsOf(run.plan, run.state, { step: stepOf(run), good: 1 }),
    gating: null,
    confirm: ordered.map(({ connection, target, wanted, withinMs }) => ({
      connection,
      target,
      desired: wanted,
      options: {},
      everyMs: READY_EVERY_MS,
      withinMs,
      otherwise,
    })),
  })
}

function titleOf({ connection, target, wanted }: Ordered, count: number): string {
  const of = count > 1 ? ` of ${connection}` : ''
  return `${target} side${of} with ${wanted.count} instances ready`
}

/** What earlier steps have ordered to be ready, or found to be there already. */
function orderedBy({ plan, state }: Run): Ordered[] {
  const readied = plan.steps.flatMap((step) => kindOf(step).readies?.(step.spec) ?? [])
  return touched(state.changes).flatMap((of) => {
    const first = readied.find((each) => isOf(each, of))
    const wanted = lastKnown(state.changes, of) as Capacity | undefined
    if (first === undefined || wanted === undefined || wanted.count === 0) return []
    return [{ ...of, wanted, withinMs: first.withinMs }]
  })
}
