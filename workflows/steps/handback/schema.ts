// handback: the declaration agrees with what the run has done, and whoever reconciles goes on.
import { z } from 'zod'
import { PositiveDuration } from '../../scalars.ts'
import { anyStep, connections } from '../fields.ts'

export const Handback = z
  .strictObject({
    ...anyStep,
    connection: connections('The reconciler connection that a step before has suspended'),
    within: PositiveDuration.default('1h').describe(
      'How long the declaration may take to say what the run has set, before a person is asked',
    ),
    every: PositiveDuration.default('10s').describe('Time between looks'),
  })
  .describe('Say what must be declared, wait until it is, and let the reconciler go on')
export type Handback = z.infer<typeof Handback>
