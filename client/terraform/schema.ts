// What a runbook says of Terraform: which state files say what Terraform manages. Offline half: a path is looked at by `plan` and `start`.
import { z } from 'zod'
import { Name } from '../../workflows/scalars.ts'

const STATES_MAX = 20 // a runbook moves one service: more than a few states are a mistake
const ADDRESS = /^(?!file:)[A-Za-z][A-Za-z0-9+.-]*:/ // of a bucket, a server, a variable

const StatePath = z
  .string()
  .min(1)
  .max(1_024)
  .refine((text) => !ADDRESS.test(text) && !text.includes('\0'), {
    message: 'not a file: a backend is never asked; write the state to a file with `terraform state pull`',
  })
  .refine((text) => !text.startsWith('file:') || text.startsWith('file:/'), {
    message: 'not a path: behind file: it is absolute; a relative one is written alone',
  })

const TerraformState = z.strictObject({
  state: StatePath.describe(
    'A state file of version 4 (`terraform state pull`) or what `terraform show -json` prints; relative to the runbook. Read where `plan` and `start` are called, not by the worker',
  ).meta({ examples: ['states/edge.tfstate', 'file:/srv/states/edge.json'] }),
  connections: z
    .array(Name)
    .min(1)
    .exactOptional()
    .describe('The connections whose targets it may manage, where names are not unique; left out: all'),
})

export const TerraformStates = z
  .array(TerraformState)
  .min(1)
  .max(STATES_MAX)
  .describe('States of Terraform: `plan` names what the next `terraform apply` would put back')
