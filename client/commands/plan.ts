// `cutover plan`: what a run of a runbook is going to change, from what to what, and whether it could. Changes nothing;
// --offline needs no server.
import type { Command, Invocation } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { counted } from '../output/words.ts'
import { usageProblem } from '../problem.ts'
import type { Surveyed } from '../runbook/surveyed.ts'
import type { Plan } from '../../workflows/plan.ts'

const OFFLINE: Surveyed = { looks: [], trials: [] }

export const plan: Command = {
  name: 'plan',
  usage: 'plan FILE [--offline]',
  about: 'Show what a run would change, from what to what, and how it goes back',
  details:
    'Looks at every target and tries once, through a worker, what the run will need: guards, journeys, secrets, notices,\n' +
    'locks. Nothing is changed and nothing is sent. Exit code 0 when all of it works, 1 when not, 2 when the runbook is\n' +
    'not valid. The digest names exactly this plan over exactly this world: `cutover start FILE --plan DIGEST` refuses\n' +
    'when either has changed since, and says what. A digest made --offline names the runbook alone.',
  examples: ['cutover plan orders.yaml', 'cutover plan orders.yaml --offline'],
  flags: [{ name: 'offline', about: 'leave out what the targets hold now; needs no server, tries nothing' }],
  async run(invocation) {
    const { args, env, flags, out } = invocation
    const [file, ...rest] = args
    if (file === undefined || rest.length > 0)
      throw usageProblem('plan takes one FILE', ['cutover plan FILE [--offline]'])
    const { knownSpecs } = await import('../specs.ts')
    const { loadRunbook } = await import('../runbook/load.ts')
    const specs = await knownSpecs(env)
    const loaded = await loadRunbook(file, specs)
    const { problemLines } = await import('../runbook/report-problems.ts')
    if (loaded.plan === undefined) {
      if (out.json) out.document({ valid: false, problems: loaded.problems })
      else
        for (const problem of loaded.problems) out.error(problemLines(problem, loaded, out.width).join('\n'))
      return EXIT.usage
    }
    const offline = flags['offline'] === true
    const seen = offline ? { plan: loaded.plan, survey: OFFLINE } : await look(loaded.plan, invocation)
    const { preview } = await import('../runbook/preview.ts')
    const shown = preview(seen.plan, seen.survey, specs)
    const count = shown.problems.length
    if (out.json) out.document({ ...shown, cautions: loaded.cautions })
    else {
      const { previewLines } = await import('../runbook/preview-text.ts')
      const { paint } = await import('../output/paint.ts')
      const style = { width: out.width, paint: paint(out.color), offline }
      for (const line of previewLines(shown, style)) out.line(line)
      for (const caution of loaded.cautions)
        out.line(
          problemLines({ ...caution, message: `caution: ${caution.message}` }, loaded, out.width).join('\n'),
        )
      out.line(
        count === 0
          ? `start with: cutover start ${file} --plan ${shown.digest}`
          : `not ready to start: ${counted(count, 'problem')} to put right; then plan again`,
      )
    }
    return count === 0 ? EXIT.done : EXIT.failed
  },
}

async function look(resolved: Plan, { temporal, signal }: Invocation) {
  const { review } = await import('../runbook/review.ts')
  return await review(resolved, { access: await temporal(), signal })
}
