// handover, taken back: to move the traffic alone would leave two who lead, and to name the leader alone one without traffic.
import type { RRset } from '../../../workflows/ports/dns.ts'
import { SPLIT, type Split } from '../../../workflows/ports/traffic.ts'
import { change } from '../../../workflows/run/change.ts'
import { valueBefore } from '../../../workflows/run/change-back.ts'
import { hold } from '../../../workflows/run/hold.ts'
import { job } from '../../../workflows/run/job.ts'
import type { Run } from '../../../workflows/run/run.ts'
import { ROUNDS, ledBy } from './kind.ts'
import { ended } from './run.ts'
import type { Handover } from './schema.ts'

const WARMING = { key: 'warm', title: 'warm the one before', job: 'warm', perSecond: 5 } as const
const SEEN = { everyMs: 100, withinMs: 5_000, otherwise: 'fail' } as const

export async function undoHandover(run: Run, { spec }: { spec: Handover }): Promise<void> {
  const leader = { connection: spec.zone, target: spec.leader }
  const split = { connection: spec.edge, target: SPLIT }
  const led = await valueBefore<RRset>(run, leader)
  const shared = await valueBefore<Split>(run, split)
  const nobody = ledBy(spec.nobody)(led)
  await change(run, { ...leader, desired: nobody })
  await hold(run, {
    ...ended(spec),
    confirm: [{ ...leader, desired: nobody, options: { resolvers: [] }, ...SEEN }],
  })
  if (spec.warm !== undefined)
    await job(run, { ...WARMING, spec: { urls: [spec.warm], rounds: ROUNDS }, throttle: [] })
  await change(run, { ...split, desired: shared })
  await change(run, { ...leader, desired: led })
}
