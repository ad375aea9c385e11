// traffic/sim, offline half: a balancer of the simulated world, as it is at the start.
import { z } from 'zod'
import { Name, Rate, ShareOfAll } from '../../../workflows/scalars.ts'
import { defineSpec } from '../../provider.ts'
import { WorldName } from '../../sim/fields.ts'

const Weight = z.number().min(0).max(256) // HAProxy's range, the widest of the real ones

export const SimTrafficConfig = z.strictObject({
  world: WorldName,
  balancer: Name.default('edge').describe(
    'The balancer; several connections may share a world, each with its own',
  ),
  old: Weight.default(100).describe('Weight of the old side at the start'),
  new: Weight.default(0).describe('Weight of the new side at the start'),
  mirror: ShareOfAll.default('0%').describe('Share of the served requests that is mirrored at the start'),
  member: ShareOfAll.default('1%').describe('Share of the users that each member of a cohort is'),
  rate: Rate.default('100/s').describe('Requests that users make'),
})
export type SimTrafficConfig = z.infer<typeof SimTrafficConfig>

export const spec = defineSpec({
  id: 'traffic/sim',
  port: 'traffic',
  summary: 'split, mirror, cohort and promotion of a simulated balancer',
  config: SimTrafficConfig,
  supports: {
    port: 'traffic',
    weightStep: 0.01,
    mirror: true,
    compareAndSet: true,
    landsWithin: '200ms',
    showsWithin: '500ms',
    proof: 'simulated requests counted per side since the first look',
    cohort: 'simulated users who are told apart by a header or a cookie',
    promotes: 'the simulated balancer takes the new version for the stable one',
    inFlight: 'simulated requests under way, and tunnels that have not ended',
    cautions: ['simulated: no request of a real user is touched'],
  },
  locks: (config, target) => [`sim:${config.world}/${config.balancer}/${target}`],
})
