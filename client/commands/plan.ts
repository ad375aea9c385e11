// `cutover plan`: what a run of a runbook is going to change, from what to what. Changes nothing; --offline needs no server.
import type { Command, Invocation } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { usageProblem } from '../problem.ts'
import type { Look } from '../runbook/preview.ts'
import type { Plan } from '../../workflows/plan.ts'

export const plan: Command = {
  name: 'plan',
  usage: 'plan FILE [--offline]',
  about: 'Show what a run would change, from what to what, and how it goes back',
  details:
    'Looks at every target through a worker; nothing is changed. Exit code 0 when everything could be looked at, 1 when not,\n' +
    '2 when the runbook is not valid. The digest names exactly this plan: `cutover start FILE --plan DIGEST` refuses any other.',
  flags: [{ name: 'offline', about: 'leave out what the targets hold now; needs no server' }],
  async run(invocation) {
    const { args, flags, out } = invocation
    const [file, ...rest] = args
    if (file === undefined || rest.length > 0)
      throw usageProblem('plan takes one FILE', ['cutover plan FILE [--offline]'])
    const { allSpecs, loadRunbook } = await import('../runbook/load.ts')
    const loaded = await loadRunbook(file)
    const { problemLines } = await import('../runbook/report-problems.ts')
    if (loaded.plan === undefined) {
      if (out.json) out.document({ valid: false, problems: loaded.problems })
      else for (const problem of loaded.problems) out.error(problemLines(problem, loaded).join('\n'))
      return EXIT.usage
    }
    const offline = flags['offline'] === true
    const looks = offline ? [] : await look(loaded.plan, invocation)
    const { preview } = await import('../runbook/preview.ts')
    const shown = preview(loaded.plan, looks, allSpecs())
    if (out.json) out.document({ ...shown, cautions: loaded.cautions })
    else {
      const { previewLines } = await import('../runbook/preview-text.ts')
      const { paint } = await import('../output/paint.ts')
      const style = { width: out.width, paint: paint(out.color), offline }
      for (const line of previewLines(shown, style)) out.line(line)
      for (const caution of loaded.cautions)
        out.line(problemLines({ ...caution, message: `caution: ${caution.message}` }, loaded).join('\n'))
      out.line(`start with: cutover start ${file} --plan ${shown.digest}`)
    }
    return shown.problems.length === 0 ? EXIT.done : EXIT.failed
  },
}

async function look(resolved: Plan, { temporal, signal }: Invocation): Promise<Look[]> {
  const { targetsToLookAt } = await import('../runbook/preview.ts')
  const { survey } = await import('../runbook/survey.ts')
  const targets = targetsToLookAt(resolved)
  if (targets.length === 0) return []
  return await survey({ plan: resolved, targets, access: await temporal(), signal })
}
