// handover: nobody leads, what is under way ends, the traffic moves, the new one leads.
import { SPLIT, splitAt } from '../../../workflows/ports/traffic.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import { change } from '../../../workflows/run/change.ts'
import { hold } from '../../../workflows/run/hold.ts'
import type { Run } from '../../../workflows/run/run.ts'
import { ledBy } from './kind.ts'
import type { Handover } from './schema.ts'

export async function runHandover(run: Run, { spec }: { spec: Handover }): Promise<void> {
  const leader = { connection: spec.zone, target: spec.leader }
  await change(run, { ...leader, desired: ledBy(spec.nobody) })
  await hold(run, ended(spec))
  await change(run, { connection: spec.edge, target: SPLIT, desired: splitAt(100) })
  await change(run, { ...leader, desired: ledBy(spec.to) })
}

/** What the leader before has begun. */
export function ended({ drain }: Handover): Parameters<typeof hold>[1] {
  return {
    key: 'drain',
    title: 'what is under way ends',
    forMs: milliseconds(drain),
    subjects: [],
    gating: null,
    confirm: [],
  }
}
