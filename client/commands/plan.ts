// `cutover plan`: what a run of a runbook is going to change, from what to what, and whether it could. Changes nothing;
// --offline needs no server.
import type { ProviderSpec } from '../../activities/provider.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { counted } from '../output/words.ts'
import { usageProblem } from '../problem.ts'
import type { Surveyed } from '../runbook/surveyed.ts'
import type { State } from '../terraform/state.ts'
import type { Plan } from '../../workflows/plan.ts'

const NOT_LOOKED = { looks: [], trials: [] } satisfies Surveyed

type Looking = {
  invocation: Invocation
  states: readonly State[]
  specs: readonly ProviderSpec[]
  offline: boolean
}

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
    const { statesOf } = await import('../terraform/states.ts')
    const { states, problems } = await statesOf(loaded)
    if (loaded.plan === undefined || problems.length > 0) {
      const all = loaded.problems ?? problems
      if (out.json) out.document({ valid: false, problems: all })
      else for (const problem of all) out.error(problemLines(problem, loaded, out.width).join('\n'))
      return EXIT.usage
    }
    const offline = flags['offline'] === true
    const seen = await look(loaded.plan, { invocation, states, specs, offline })
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

async function look(resolved: Plan, { invocation, states, specs, offline }: Looking) {
  if (offline) {
    const { claimsOf } = await import('../terraform/declared.ts')
    const claims = claimsOf(resolved, { ...NOT_LOOKED, states, specs })
    return { plan: resolved, survey: { ...NOT_LOOKED, claims } }
  }
  const { review } = await import('../runbook/review.ts')
  const { temporal, signal } = invocation
  return await review(resolved, { access: await temporal(), signal, states, specs })
}
