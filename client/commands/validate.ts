// `cutover validate`: everything that is wrong with a runbook, without a server. Must start fast: no Temporal from here.
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { counted } from '../output/words.ts'
import { usageProblem } from '../problem.ts'

export const validate: Command = {
  name: 'validate',
  usage: 'validate FILE',
  about: 'Check a runbook: every problem with its line, and what would be right',
  details:
    'FILE may be - for the standard input. Exit code 0 when it is valid, 2 when it is not. Needs no server.',
  examples: ['cutover validate orders.yaml', 'cutover validate - < orders.yaml'],
  flags: [],
  async run({ args, env, out }) {
    const [file, ...rest] = args
    if (file === undefined || rest.length > 0) {
      throw usageProblem('validate takes one FILE', ['cutover validate FILE'])
    }
    const { loadRunbook } = await import('../runbook/load.ts')
    const { problemLines } = await import('../runbook/report-problems.ts')
    const { knownSpecs } = await import('../specs.ts')
    const loaded = await loadRunbook(file, await knownSpecs(env))
    const problems = loaded.problems ?? []
    if (out.json) {
      out.document({ valid: problems.length === 0, problems })
      return problems.length === 0 ? EXIT.done : EXIT.usage
    }
    for (const problem of problems) out.line(problemLines(problem, loaded, out.width).join('\n'))
    for (const caution of loaded.plan === undefined ? [] : loaded.cautions) {
      out.line(
        problemLines({ ...caution, message: `caution: ${caution.message}` }, loaded, out.width).join('\n'),
      )
    }
    out.line(
      loaded.plan === undefined
        ? `${file}: ${counted(problems.length, 'problem')}`
        : `${file} is valid: ${summary(loaded.plan)}`,
    )
    return problems.length === 0 ? EXIT.done : EXIT.usage
  },
}

function summary(plan: { service: string; steps: unknown[]; guards: unknown[] }): string {
  return `${plan.service}, ${counted(plan.steps.length, 'step')}, ${counted(plan.guards.length, 'guard')}`
}
