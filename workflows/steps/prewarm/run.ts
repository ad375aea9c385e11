// prewarm: more capacity, ready before users arrive; caches warmed at a bounded rate.
import type { PlannedStep } from '../../plan.ts'
import type { Capacity } from '../../ports/capacity.ts'
import { milliseconds, perSecond } from '../../quantities.ts'
import { calls } from '../../run/calls.ts'
import { change, presentValue } from '../../run/change.ts'
import { untilReady } from '../../run/ready.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { label, note } from '../../run/run.ts'
import { prewarmed } from './kind.ts'

export async function runPrewarm(run: Run, step: PlannedStep<'prewarm'>): Promise<void> {
  const { spec } = step
  const { connection, side: target } = spec
  const base = await once(run, 'base', () => presentValue<Capacity>(run, { connection, target: spec.of }))
  const { desired } = await change<Capacity>(run, {
    connection,
    target,
    desired: (present) => prewarmed(spec.factor, { base, present }),
  })
  const ordered = {
    connection,
    target,
    wanted: desired as Capacity,
    withinMs: milliseconds(spec.ready_within),
  }
  await untilReady(run, ordered, { key: 'ready', otherwise: 'fail' })
  if (spec.warm === undefined) return
  const { urls, rate, rounds } = spec.warm
  const warmed = await calls.warm(`${label(run)} - warm ${urls.length} URLs at ${rate}`, {
    urls,
    rounds,
    perSecond: perSecond(rate),
  })
  note(run, `warmed with ${warmed.requests} requests, ${warmed.failed} failed`)
}
