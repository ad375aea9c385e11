// promote: the new version becomes the stable one, for good. Whoever moves the weights (Argo Rollouts, Flagger) then forgets the old one.
import { z } from 'zod'
import { PositiveDuration } from '../../scalars.ts'
import { anyStep, connections, counted, decided, enoughPeople, gated } from '../fields.ts'

export const Promote = z
  .strictObject({
    ...anyStep,
    connection: connections('The traffic connection; its provider must be able to promote'),
    within: PositiveDuration.default('30m').describe(
      'How long it may take until the new version is really the stable one, before a person is asked',
    ),
    ...decided,
    ...counted,
    ...gated,
  })
  .superRefine(enoughPeople)
  .describe(
    'Prove that the new side has all users, ask, and make its version the stable one: nothing leads back',
  )
export type Promote = z.infer<typeof Promote>
