// What a runbook file may say: the frame around connections, guards and steps, whose schemas live with their owners.
import { z } from 'zod'
import type { ProviderSpec } from '../../activities/provider.ts'
import { Guard } from '../../workflows/guards/schema.ts'
import { Duration, Name } from '../../workflows/scalars.ts'
import { TerraformStates } from '../terraform/schema.ts'
import { partsOf } from './schema-parts.ts'
import { type StepKind, stepSchemas } from '../../workflows/steps/schemas.ts'

const DESCRIPTION_MAX = 2_000 // it is shown in full by plan, report and the Temporal UI
const STEPS_MAX = 99 // step ids have two digits, and nobody reviews a hundred steps

const frame = {
  cutover: z.literal('v1').describe('Version of the runbook format'),
  service: Name.describe('The service that moves; at most one run of it is open at any time'),
  description: z.string().max(DESCRIPTION_MAX).default('').describe('What moves where, for people'),
  drain: Duration.default('5s').describe(
    'When going back, capacity is taken away only so long after traffic has left it',
  ),
  terraform: TerraformStates.exactOptional(),
  notify: z.array(Name).default([]).describe('Notify connections that hear of gates, breaches and the end'),
}

/** The frame alone: its parts are checked one by one, so that one mistake hides no other. */
export const Frame = z.strictObject({
  ...frame,
  connections: z.record(z.string(), z.unknown()),
  guards: z.record(z.string(), z.unknown()).default({}),
  steps: z.array(z.unknown()).min(1).max(STEPS_MAX),
})
export type Frame = z.infer<typeof Frame>

/** The whole of it as one schema, for editors. */
export function runbookSchema(specs: readonly ProviderSpec[]): z.ZodType {
  const connection = z
    .union(specs.map((spec) => withProvider(spec.id, spec.config)))
    .describe('A configured provider')
  return z
    .strictObject({
      cutover: frame.cutover,
      service: frame.service,
      description: frame.description,
      connections: z
        .record(Name, connection)
        .describe('The outside world by name: what steps and guards refer to'),
      guards: z
        .record(Name, Guard)
        .default({})
        .describe('What is watched while steps run; a breach sends the run back'),
      drain: frame.drain,
      terraform: frame.terraform,
      notify: frame.notify,
      steps: z.array(stepSchema()).min(1).max(STEPS_MAX).describe('What happens, in this order'),
    })
    .describe('A cutover runbook')
}

function stepSchema(): z.ZodType {
  const kinds = Object.keys(stepSchemas) as StepKind[]
  return z.union(
    kinds.map((kind) => z.strictObject({ [kind]: stepSchemas[kind] }).describe(`A ${kind} step`)),
  )
}

function withProvider(id: string, config: z.ZodType): z.ZodType {
  const { shape, options } = partsOf(config)
  if (shape !== undefined)
    return z.strictObject({ provider: z.literal(id).describe('The implementation'), ...shape }).describe(id)
  if (options !== undefined) return z.union(options.map((option) => withProvider(id, option)))
  throw new Error(`the configuration of ${id} must be an object or a union of objects`)
}
