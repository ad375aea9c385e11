// prewarm: more capacity, ready before users arrive; caches warmed at a bounded rate.
import { patched } from '@temporalio/workflow'
import type { PlannedStep } from '../../plan.ts'
import { type Capacity, capacityOf } from '../../ports/capacity.ts'
import { milliseconds, perSecond } from '../../quantities.ts'
import { change, presentValue } from '../../run/change.ts'
import { subjectsOf } from '../../run/guards.ts'
import { job } from '../../run/job.ts'
import { type Ordered, untilReady } from '../../run/ready.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { note } from '../../run/run.ts'
import { eachOf } from '../several.ts'
import { prewarmed } from './kind.ts'

export async function runPrewarm(run: Run, step: PlannedStep<'prewarm'>): Promise<void> {
  const { spec } = step
  const ordered: Ordered[] = []
  for (const connection of eachOf(spec.connection)) ordered.push(await order(run, step, connection))
  await untilReady(run, ordered, { key: 'ready', otherwise: 'fail' })
  if (spec.warm === undefined) return
  const { urls, rate, rounds, throttle } = spec.warm
  const { state } = await job(run, {
    key: 'warm',
    title: `warm ${urls.length} URLs at ${rate}`,
    job: 'warm',
    spec: { urls, rounds },
    perSecond: perSecond(rate),
    throttle: subjectsOf(run.plan, throttle),
  })
  const { requests, failed } = state as { requests: number; failed: number }
  note(run, `warmed with ${requests} requests, ${failed} failed`)
}

async function order(run: Run, { spec }: PlannedStep<'prewarm'>, connection: string): Promise<Ordered> {
  const of = { connection, target: spec.of }
  const base = await once(run, `base ${connection}`, () => presentValue<Capacity>(run, of))
  const { desired } = await change<Capacity>(run, {
    connection,
    target: spec.side,
    desired(present) {
      const { count, floor } = prewarmed(spec.factor, { base, present })
      const holds = floor !== undefined && patched('prewarm-holds-the-floor') // a run of before took what was there for held
      return capacityOf(count, holds ? floor : undefined)
    },
  })
  const withinMs = milliseconds(spec.ready_within)
  return { connection, target: spec.side, wanted: desired as Capacity, withinMs }
}
