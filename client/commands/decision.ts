// What approve, abort, retry and skip share: their flags, and telling the answer.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Flag, Invocation } from '../command.ts'
import { actorOf } from '../config.ts'
import { EXIT } from '../exit-codes.ts'
import { usageProblem } from '../problem.ts'
import type { Answer } from '../../view/decide.ts'
import { decisionWords } from '../../workflows/run/decision-words.ts'
import type { Verb } from '../../workflows/run/state.ts'

export const GATE: Flag = { name: 'gate', value: 'GATE', about: 'Which gate; default: the only open one' }
export const REASON: Flag = {
  name: 'reason',
  value: 'TEXT',
  about: 'Why; kept with the run and shown in the report',
}
export const AS: Flag = {
  name: 'as',
  value: 'NAME',
  about: 'Who decides; default: CUTOVER_ACTOR, else the system user',
}

export const RUN: Flag = {
  name: 'run',
  value: 'ID',
  about: 'Which run, by its run id or the beginning of it; default: the one under way',
}

export type DecisionCommand = { answer: Answer; service: string }

/** Says the decision and tells the answer. Refusals are problems with exit code 1. `value`: what some verbs need. */
export async function decideBy(
  verdict: Verb,
  invocation: Invocation,
  { usage, value }: { usage: string; value?: string },
): Promise<DecisionCommand> {
  const { args, flags, env, out, temporal } = invocation
  const [service = ''] = expectArgs(args, ['SERVICE'], usage)
  const reason = textFlag(flags, 'reason')
  if (reason === undefined && verdict !== 'approve') {
    throw usageProblem(`${verdict} needs a reason`, [`cutover ${verdict} ${service} --reason "..."`])
  }
  const said = {
    service,
    runId: textFlag(flags, 'run'),
    actor: actorOf(textFlag(flags, 'as'), env),
    reason: reason ?? '',
  }
  const access = await temporal()
  const { sayAbort } = await import('../../view/abort.ts')
  const { say } = await import('../../view/decide.ts')
  const answer =
    verdict === 'abort'
      ? await sayAbort(access, said, out.error)
      : await say(access, { ...said, verdict, value, gate: textFlag(flags, 'gate') })
  if (!out.json) tell(answer, { service, isWaiting: flags['wait'] === true, line: out.line })
  return { answer, service }
}

/** The answer as a document: what was said and how it was taken. */
export function documentOf({ answer, service }: DecisionCommand) {
  const { decisionId, gate, verdict, value, actor, reason } = answer.decision
  return {
    service,
    verdict,
    ...(value === undefined ? {} : { value }),
    gate,
    actor,
    reason,
    decisionId,
    delivered: answer.how === 'taken',
    phase: answer.how === 'taken' ? answer.taken.phase : null,
  }
}

/** For verbs that end once it is said. */
export async function decideOnce(
  verdict: Verb,
  invocation: Invocation,
  how: { usage: string; value?: string },
): Promise<number> {
  const spoken = await decideBy(verdict, invocation, how)
  if (invocation.out.json) invocation.out.document(documentOf(spoken))
  return EXIT.done
}

type Telling = { service: string; isWaiting: boolean; line: (text: string) => void }

function tell(answer: Answer, { service, isWaiting, line }: Telling): void {
  const { verdict, actor } = answer.decision
  const what = decisionWords(answer.decision)
  if (answer.how === 'kept') {
    line(`${what} by ${actor} is left with the Temporal server: ${answer.why}.`)
    line('It counts as soon as a worker is up, as far as the run still allows it then: cutover worker')
    return
  }
  const missing = answer.taken.missing ?? 0
  const more = verdict === 'approve' && missing > 0 ? `; ${missing} more needed` : ''
  line(`${what} by ${actor}: recorded${more}`)
  if (!isWaiting) line(`cutover watch ${service} follows the run`)
}
