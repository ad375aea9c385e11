// cutover start: checks a runbook, looks at its world, shows what it would do, asks, and starts the run.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command, Invocation } from '../command.ts'
import { actorOf } from '../config.ts'
import { EXIT } from '../exit-codes.ts'
import { Problem, usageProblem } from '../problem.ts'
import type { Review } from '../runbook/review.ts'
import { counted } from '../output/words.ts'
import type { Problem as RunbookProblem } from '../runbook/problem.ts'
import { AS } from './decision.ts'
import type { Plan } from '../../workflows/plan.ts'

const IGNORE = 'ignore-problems'

export const start: Command = {
  name: 'start',
  usage: 'start FILE [--plan DIGEST] [--wait] [--yes] [--ignore-problems] [--as NAME] [-o json]',
  about: 'Start a run of a runbook.',
  details: `Looks at every target and tries what the run will need, as plan does; refuses to start when
something cannot work, naming all of it. Shows a short plan and asks. --yes starts without a
question, and so does the digest of the reviewed plan (--plan); without a terminal one of them
is needed. A digest made by plan --offline names the runbook alone: it is accepted, whatever
the targets hold.
-o json prints {"workflowId","runId","digest"}, with --wait the final view of the run.
With --wait the exit code is that of the outcome: 0 completed, 1 failed before anything was changed,
3 aborted and restored, 4 a person is needed, 5 failed and restored. Ctrl-C then leaves the run running.`,
  examples: ['cutover start orders.yaml', 'cutover start orders.yaml --plan 9bd6c393 --wait'],
  flags: [
    {
      name: 'plan',
      value: 'DIGEST',
      about: 'Start exactly this plan; refuse when runbook or world are others now (at least 8 digits)',
    },
    { name: 'wait', about: 'Stay until the run has ended' },
    { name: 'yes', short: 'y', about: 'Do not ask' },
    {
      name: IGNORE,
      about:
        'Start although something cannot be looked at or does not work; the run keeps who did so over what',
    },
    AS,
  ],
  async run(invocation) {
    const { args, flags, out, env, signal } = invocation
    const [file = ''] = expectArgs(args, ['FILE'], this.usage)
    const { digestOfFlag, matchDigest } = await import('../run/agreed.ts')
    const isIgnoring = flags[IGNORE] === true
    const { runbook, states, specs, unread } = await loadPlan(file, { invocation, isIgnoring })
    const given = textFlag(flags, 'plan')
    const digest = given === undefined ? null : digestOfFlag(given)
    const isAgreed = flags['yes'] === true || digest !== null // who names the digest has reviewed it
    if (!isAgreed && process.stdin.isTTY !== true) throw nobodyToAsk(file)
    const access = await invocation.temporal()
    const [{ expectNoRun, startRun }, { review }, { demandReady }] = await Promise.all([
      import('../run/start.ts'),
      import('../runbook/review.ts'),
      import('../run/ready.ts'),
    ])
    await expectNoRun(access, runbook.service)
    const reviewed = await review(runbook, { access, signal, states, specs })
    const { plan } = reviewed
    const actor = actorOf(textFlag(flags, 'as'), env)
    const despite = [...unread, ...demandReady(reviewed, { file, actor, isIgnoring })]
    const agreedTo =
      digest === null ? null : await matchDigest(access, digest, { file, runbook, present: plan })
    if (!out.json) await showPlan(reviewed, invocation)
    if (agreedTo === 'runbook') out.error(await acceptedAsFound(plan))
    for (const text of despite) out.error(`starting despite ${text}`)
    if (!isAgreed && !(await confirmed(plan, invocation))) throw notConfirmed(signal)
    const started = await startRun(access, plan, { actor, despite })
    if (flags['wait'] === true) {
      const { attend } = await import('../run/attend.ts')
      return await attend({ access, service: plan.service, runId: started.runId, out, signal })
    }
    if (out.json) out.document(started)
    else {
      out.line(`started ${started.workflowId}, run ${started.runId}`)
      out.line(`cutover watch ${plan.service}              follows it and says when it asks`)
      out.line(`cutover abort ${plan.service} --reason R   puts everything back`)
    }
    return EXIT.done
  },
}

type Loading = { invocation: Invocation; isIgnoring: boolean }

/** `unread`: states that could not be used, gone over by the one who starts. */
async function loadPlan(file: string, { invocation: { env, out }, isIgnoring }: Loading) {
  const { knownSpecs } = await import('../specs.ts')
  const { loadRunbook } = await import('../runbook/load.ts')
  const specs = await knownSpecs(env)
  const loaded = await loadRunbook(file, specs)
  const { statesOf } = await import('../terraform/states.ts')
  const { states, problems: unusable } = await statesOf(loaded)
  if (loaded.plan !== undefined && (isIgnoring || unusable.length === 0))
    return {
      runbook: loaded.plan,
      states,
      specs,
      unread: unusable.map(({ path, message }) => `${path}: ${message}`),
    }
  const problems = loaded.problems ?? unusable
  const [only] = problems
  if (loaded.text === '' && only !== undefined)
    throw usageProblem(`${file}: ${only.message}`, only.fix === null ? [] : [only.fix], { problems })
  const { problemLines } = await import('../runbook/report-problems.ts')
  for (const problem of problems) out.error(problemLines(problem, loaded, out.width).join('\n'))
  if (loaded.plan !== undefined) throw unusableStates(problems)
  throw usageProblem(
    `${file} is not a valid runbook: ${problems.length} to put right`,
    [`cutover validate ${file} shows them again`],
    { problems },
  )
}

/** Who starts may know better, and not have the file: that Terraform puts something back is then nobody's warning. */
function unusableStates(problems: RunbookProblem[]): Problem {
  return usageProblem(
    `${counted(problems.length, 'state')} of Terraform cannot be used`,
    [`--${IGNORE}   starts without; the run keeps who did, and why`],
    { problems },
  )
}

function nobodyToAsk(file: string) {
  return usageProblem('start asks first, and there is no terminal to ask on', [
    `cutover plan ${file}   shows the plan and its digest`,
    '--plan DIGEST           starts exactly that plan',
    '--yes                   starts whatever the file says',
  ])
}

async function showPlan({ plan, survey }: Review, { out }: Invocation): Promise<void> {
  const { planSummary } = await import('../output/plan-summary.ts')
  for (const line of planSummary(plan, { width: out.width, color: out.color })) out.line(line)
  const { preview } = await import('../runbook/preview.ts')
  const { harmless, wrap } = await import('../output/paint.ts')
  const notes = preview(plan, survey, []).steps.flatMap((step, index) =>
    step.notes.map((note) => `beware  step ${index + 1}: ${note}`),
  )
  for (const note of harmless(notes)) for (const line of wrap(note, out.width, '        ')) out.line(line)
}

/** Who agreed to a runbook alone is told what it is going to act on. */
async function acceptedAsFound({ found, connections }: Plan): Promise<string> {
  const { targetText } = await import('../runbook/target-text.ts')
  const { harmless } = await import('../output/paint.ts')
  return [
    'this digest was made --offline and names the runbook alone; what the targets hold now is accepted as it is:',
    ...harmless(found).map(
      ({ connection, target, value }) =>
        `  ${connection} ${target}: ${targetText(value, connections[connection]?.port)}`,
    ),
  ].join('\n')
}

function notConfirmed({ aborted: isInterrupted }: AbortSignal): Problem {
  return new Problem({
    what: 'nothing was started',
    why: isInterrupted ? 'interrupted before there was an answer' : 'the answer was not yes',
    ...(isInterrupted ? { exitCode: EXIT.interrupted } : {}),
  })
}

async function confirmed({ service }: Plan, { signal }: Invocation): Promise<boolean> {
  const { saysYes } = await import('../output/question.ts')
  return await saysYes(`Start this run of ${service}?`, {
    input: process.stdin,
    output: process.stderr,
    signal,
  })
}
