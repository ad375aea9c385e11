// handback: what must be declared is said, waited for, and only then does the reconciler go on; that it leaves everything as it is is
// seen as well. Nobody's word is taken for it but a person's.
import type { PlannedStep } from '../../plan.ts'
import { RECONCILING, type Reconciling } from '../../ports/reconciler.ts'
import { milliseconds } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import { firstBefore, lastKnown } from '../../run/journal.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { note } from '../../run/run.ts'
import { declarations, objectsOf } from '../../run/suspensions.ts'
import { targetsAt } from '../several.ts'

type Of = { connection: string; target: string }

export async function runHandback(run: Run, step: PlannedStep<'handback'>): Promise<void> {
  const { spec } = step
  await once(run, 'declarations', () => declarations(run))
  const targets = targetsAt(spec.connection, [RECONCILING]).filter((of) => isOurs(run, of))
  if (targets.length === 0) return note(run, 'nothing was suspended by this run: it stays as it was found')
  const agreed = (key: string, title: string) =>
    hold(run, {
      key,
      title,
      forMs: 0,
      subjects: guardsOf(run.plan, run.state, { step, good: 0 }),
      gating: null,
      confirm: targets.map((of) => ({
        ...of,
        desired: lastKnown(run.state.changes, of) as Reconciling,
        options: { expects: 'after', objects: objectsOf(run, of) },
        everyMs: milliseconds(spec.every),
        withinMs: milliseconds(spec.within),
        otherwise: 'ask',
      })),
    })
  await agreed('declared', 'until what is live is what is declared')
  for (const of of targets)
    await change<Reconciling>(run, { ...of, desired: firstBefore(run.state.changes, of) as Reconciling })
  await agreed('going on', 'until it has gone on, and changed nothing')
}

function isOurs({ state: { changes } }: Run, of: Of): boolean {
  const before = firstBefore(changes, of) as Reconciling | undefined
  return before !== undefined && !before.suspended
}
