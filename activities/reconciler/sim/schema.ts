// reconciler/sim, offline half: what is declared of the simulated world, and how often it is put back.
import { z } from 'zod'
import { Duration, Name, PositiveDuration } from '../../../workflows/scalars.ts'
import { changingPorts } from '../../../workflows/ports/facts.ts'
import type { PortName } from '../../../workflows/ports/index.ts'
import { defineSpec } from '../../provider.ts'
import { WorldName } from '../../sim/fields.ts'

const Declared = z.strictObject({
  port: z.enum(changingPorts() as [PortName, ...PortName[]]),
  target: z.string().min(1).describe('The thing, as the world calls it: `edge split`, `new`'),
  value: z.json().describe('What is declared of it'),
})

export const SimReconcilerConfig = z.strictObject({
  world: WorldName,
  name: Name.default('gitops').describe('The reconciler; a world may have several'),
  declares: z.array(Declared).default([]).describe('What it puts back'),
  every: PositiveDuration.default('1s').describe('Time between its looks'),
  takes: Duration.default('0s').describe('How long a write of its own takes from its look on'),
})
export type SimReconcilerConfig = z.infer<typeof SimReconcilerConfig>

export const spec = defineSpec({
  id: 'reconciler/sim',
  port: 'reconciler',
  summary: 'simulated: puts back what is declared of the world',
  config: SimReconcilerConfig,
  supports: {
    port: 'reconciler',
    compareAndSet: true,
    landsWithin: '200ms',
    showsWithin: '500ms',
    proof: 'what it declares beside what the world holds',
    cautions: ['simulated: no real reconciler is suspended'],
  },
  locks: (config, target) => [`sim:${config.world}/${config.name}/${target}`],
})
