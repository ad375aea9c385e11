// cutover start: checks a runbook, shows what it would do, asks, and starts the run.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command, Invocation } from '../command.ts'
import { actorOf } from '../config.ts'
import { EXIT } from '../exit-codes.ts'
import { Problem, usageProblem } from '../problem.ts'
import { AS } from './decision.ts'
import type { Plan } from '../../workflows/plan.ts'

export const start: Command = {
  name: 'start',
  usage: 'start FILE [--plan DIGEST] [--wait] [--yes] [--as NAME] [-o json]',
  about: 'Start a run of a runbook.',
  details: `Shows a short plan and asks before it starts. --yes starts without a question, and so does the
digest of the reviewed plan (--plan); without a terminal one of them is needed.
-o json prints {"workflowId","runId","digest"}, with --wait the final view of the run.
With --wait the exit code is that of the outcome: 0 completed, 1 failed and restored,
3 aborted and restored, 4 a person is needed. Ctrl-C then leaves the run running.`,
  flags: [
    {
      name: 'plan',
      value: 'DIGEST',
      about: 'Start exactly this plan; refuse when the runbook resolves to another one (at least 8 digits)',
    },
    { name: 'wait', about: 'Stay until the run has ended' },
    { name: 'yes', short: 'y', about: 'Do not ask' },
    AS,
  ],
  async run(invocation) {
    const { args, flags, out, env, signal } = invocation
    const [file = ''] = expectArgs(args, ['FILE'], this.usage)
    const plan = await loadPlan(file, out)
    matchDigest(plan, textFlag(flags, 'plan'), file)
    const isAgreed = flags['yes'] === true || textFlag(flags, 'plan') !== undefined // who names the digest has reviewed it
    if (!isAgreed && !out.tty) {
      throw usageProblem('start asks first, and there is no terminal to ask on', [
        `--plan ${plan.digest.slice(0, 12)}   starts exactly this plan`,
        '--yes                 starts whatever the file says',
      ])
    }
    const access = await invocation.temporal()
    const { expectNoRun, startRun } = await import('../run/start.ts')
    await expectNoRun(access, plan.service)
    if (!out.json) await showPlan(plan, invocation)
    if (!isAgreed && !(await confirmed(plan, invocation))) {
      out.error('nothing was started')
      return EXIT.failed
    }
    const started = await startRun(access, plan, actorOf(textFlag(flags, 'as'), env))
    if (flags['wait'] === true) {
      const { attend } = await import('../run/attend.ts')
      return await attend({ access, service: plan.service, runId: started.runId, out, signal })
    }
    if (out.json) out.document(started)
    else {
      out.line(`started ${started.workflowId}, run ${started.runId}`)
      out.line(
        `cutover watch ${plan.service} follows it; cutover abort ${plan.service} --reason R takes it back`,
      )
    }
    return EXIT.done
  },
}

async function loadPlan(file: string, out: Invocation['out']): Promise<Plan> {
  const { loadRunbook } = await import('../runbook/load.ts')
  const loaded = await loadRunbook(file)
  if (loaded.plan !== undefined) return loaded.plan
  const { problemLines } = await import('../runbook/report-problems.ts')
  for (const problem of loaded.problems) out.error(problemLines(problem, loaded).join('\n'))
  throw usageProblem(`${file} is not a valid runbook: ${loaded.problems.length} to put right`, [
    `cutover validate ${file} shows them again`,
  ])
}

const DIGEST_LENGTH_MIN = 8 // shorter ones could be met by accident

function matchDigest(plan: Plan, wanted: string | undefined, file: string): void {
  if (wanted === undefined) return
  if (wanted.length < DIGEST_LENGTH_MIN) {
    throw usageProblem(`--plan ${wanted} is too short`, [
      `give at least ${DIGEST_LENGTH_MIN} digits of the digest`,
    ])
  }
  if (plan.digest.startsWith(wanted.toLowerCase())) return
  throw new Problem({
    what: `${file} no longer resolves to plan ${wanted.slice(0, 12)}`,
    why: `it resolves to ${plan.digest.slice(0, 12)} now: the runbook or a default has changed since it was reviewed`,
    todo: [`cutover plan ${file}   shows the present plan; review it, then start with its digest`],
  })
}

async function showPlan(plan: Plan, { out }: Invocation): Promise<void> {
  const { planSummary } = await import('../output/plan-summary.ts')
  for (const line of planSummary(plan, { width: out.width, color: out.color })) out.line(line)
}

async function confirmed(plan: Plan, { signal }: Invocation): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises')
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await prompt.question(`Start this run of ${plan.service}? Type yes: `, { signal })
    return answer.trim().toLowerCase() === 'yes'
  } catch (error) {
    if (signal.aborted) return false
    throw error
  } finally {
    prompt.close()
  }
}
