// The files of a new step kind: its folder and an example. Pure.
import { pascal } from './words.ts'

export function stepFiles(kind: string): { [file: string]: string } {
  const type = pascal(kind)
  return {
    [`workflows/steps/${kind}/schema.ts`]: `// ${kind}: what a runbook may say of it.
import { z } from 'zod'
import { anyStep } from '../fields.ts'

export const ${type} = z
  .strictObject({
    ...anyStep,
    note: z.string().min(1).describe('WRITE: fields of your own'),
  })
  .describe('WRITE: what it does, in one sentence')
export type ${type} = z.infer<typeof ${type}>
`,
    [`workflows/steps/${kind}/kind.ts`]: `// ${kind}, as others see it.
import { defineKind } from '../kind.ts'

export const ${kind} = defineKind<'${kind}'>({
  title: ({ note }) => \`${kind} \${note}\`,
  connections: {},
  changes: false, // WRITE: whether it changes the world
  watched: 'never', // WRITE: which moments of it are watched by guards
  outline: () => ({ changes: [], back: 'changes nothing', shortestMs: 0, longestMs: 0, decides: null }),
})
`,
    [`workflows/steps/${kind}/run.ts`]: `// ${kind}: what it does, in the engine's words (change, hold, job, ask).
import type { PlannedStep } from '../../plan.ts'
import { StepFailed } from '../../run/failures.ts'
import type { Run } from '../../run/run.ts'

export async function run${type}(_run: Run, step: PlannedStep<'${kind}'>): Promise<void> {
  // WRITE
  const message = \`\${step.title}: steps of the kind ${kind} are not written yet\`
  return await Promise.reject(new StepFailed({ kind: 'Unsupported', message, details: null }))
}
`,
    [`examples/${kind}.yaml`]: `# WRITE: what it shows.
cutover: v1
service: ${kind}
connections: {}
steps:
  - ${kind}: { note: try it }
`,
  }
}
