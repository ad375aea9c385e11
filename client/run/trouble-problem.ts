// What stands in the way of a run, as the CLI tells it: the facts of view/ with the commands that help, and the exit code.
import { EXIT } from '../exit-codes.ts'
import { Problem } from '../problem.ts'
import { temporalProblem } from '../temporal-problem.ts'
import type { RunView } from '../../view/model.ts'
import type { RunTrouble, Trouble } from '../../view/trouble.ts'

const RUNS_NAMED_MAX = 5 // enough to recognise one's own

export function problemOfTrouble(trouble: RunTrouble): Problem {
  const { what, why, facts, cause } = trouble
  const isUsage = facts.code === 'ambiguous-run' || facts.code === 'several-gates'
  // The server's own words are the problem then; what helps against them comes first.
  const ofServer = facts.code === 'not-sent' ? temporalProblem(cause) : undefined
  return new Problem({
    what: ofServer?.what ?? what,
    why: ofServer === undefined ? why : ofServer.why,
    todo: [...(ofServer?.todo ?? []), ...todoOf(facts)],
    facts,
    exitCode: isUsage ? EXIT.usage : EXIT.failed,
    cause: trouble,
  })
}

/** For those who must not state what they do not know: what is missing, and what to do about it. */
export function toldInPart({ service, stale }: RunView, partial: string): Problem {
  return new Problem({
    what: `the run of ${service} cannot be shown in full`,
    why: stale?.why,
    todo: ['start a worker: cutover worker', `${partial}   tells what the Temporal server knows by itself`],
  })
}

function todoOf(trouble: Trouble): string[] {
  switch (trouble.code) {
    case 'no-run':
      return ['cutover list --all     shows the runs there are', 'cutover start FILE     starts one']
    case 'no-such-run':
      return [
        `cutover status ${trouble.service}      shows the last run`,
        'cutover list --all     shows the runs there are; the beginning of an id is enough',
      ]
    case 'ambiguous-run':
      return trouble.meant.slice(0, RUNS_NAMED_MAX).map((each) => `--run ${each}`)
    case 'unreadable':
      return [
        'start a worker: cutover worker',
        'with encrypted payloads: use the same codec here',
        'cutover abort needs none of this: it is sent without reading the run',
      ]
    case 'no-worker':
      return [
        'cutover worker              starts one',
        'cutover dev                 starts one together with a Temporal dev server',
        'cutover plan FILE --offline shows a plan without what the targets hold',
      ]
    case 'ended':
      return [
        `cutover status ${trouble.service}`,
        ...(trouble.outcome === null ? [] : [`cutover report ${trouble.service}`]),
      ]
    case 'no-gate':
      return [
        ...trouble.gates.map(({ id, allows }) => `gate ${id} is answered by ${allows.join(', ')}`),
        `cutover status ${trouble.service}`,
      ]
    case 'several-gates':
      return trouble.gates.map(({ id, title }) => `--gate ${id}   ${title}`)
    case 'refused':
    case 'decision-failed':
      return []
    case 'unanswered':
      return ['start a worker: cutover worker', 'then say it again']
    case 'not-sent':
      return [
        `say it again: a second ${trouble.verdict} does no harm`,
        `or from anywhere else: temporal workflow signal --workflow-id ${trouble.workflowId} --name ${trouble.verdict}`,
      ]
    default:
      return trouble satisfies never
  }
}
