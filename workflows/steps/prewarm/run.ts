// prewarm: more capacity, ready before users arrive; caches warmed at a bounded rate.
import type { PlannedStep } from '../../plan.ts'
import type { Capacity } from '../../ports/capacity.ts'
import { milliseconds, perSecond } from '../../quantities.ts'
import { calls } from '../../run/calls.ts'
import { change, look } from '../../run/change.ts'
import { guardsOf } from '../../run/guarding.ts'
import { hold } from '../../run/hold.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { label, note } from '../../run/run.ts'
import { prewarmed } from './outline.ts'

const READY_EVERY_MS = 1_000 // instances take seconds to minutes; a look is one small call

export async function runPrewarm(run: Run, step: PlannedStep<'prewarm'>): Promise<void> {
  const { spec } = step
  const { connection, side: target } = spec
  const base = await once(run, 'base', () => look<Capacity>(run, { connection, target: spec.of }))
  const { desired } = await change<Capacity>(run, {
    connection,
    target,
    desired: (present) => prewarmed(spec.factor, { base, present }),
  })
  const wanted = desired as Capacity
  await hold(run, {
    key: 'ready',
    title: `${target} side with ${wanted.count} instances ready`,
    forMs: 0,
    subjects: guardsOf(run.plan, run.state, { step, good: 1 }),
    gating: null,
    confirm: [
      {
        connection,
        target,
        desired: wanted,
        options: {},
        everyMs: READY_EVERY_MS,
        withinMs: milliseconds(spec.ready_within),
        otherwise: 'fail',
      },
    ],
  })
  if (spec.warm === undefined) return
  const { urls, rate, rounds } = spec.warm
  const warmed = await calls.warm(`${label(run)} - warm ${urls.length} URLs at ${rate}`, {
    urls,
    rounds,
    perSecond: perSecond(rate),
  })
  note(run, `warmed with ${warmed.requests} requests, ${warmed.failed} failed`)
}
