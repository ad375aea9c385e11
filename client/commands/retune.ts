// cutover retune: let a guard judge by another limit while it is watched.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command, Flag, Invocation } from '../command.ts'
import { usageProblem } from '../problem.ts'
import { retuningOf } from '../../workflows/run/retuning.ts'
import { AS, REASON, RUN, decideOnce } from './decision.ts'

const MAX: Flag = {
  name: 'max',
  value: 'LIMIT',
  about: 'Bad above this: 1%, 800ms or a number, as the runbook has it',
}
const MIN: Flag = { name: 'min', value: 'LIMIT', about: 'Bad below this' }

export const retune: Command = {
  name: 'retune',
  usage: 'retune SERVICE GUARD --max|--min LIMIT --reason TEXT [--run ID] [--as NAME]',
  about:
    'Let a guard judge by another limit from its next look on. Checks that still count under it stay counted: bad ones when it is stricter, good ones when it is laxer.',
  examples: ['cutover retune orders errors --max 1% --reason "known noise of a client"'],
  flags: [MAX, MIN, REASON, RUN, AS],
  run(invocation) {
    const { args, flags } = invocation
    const [service = '', guard = ''] = expectArgs(args, ['SERVICE', 'GUARD'], this.usage)
    const bounds = (['max', 'min'] as const).flatMap((bound) => {
      const limit = textFlag(flags, bound)
      return limit === undefined ? [] : [`${guard} ${bound} ${limit}`]
    })
    const [value, another] = bounds
    const example = `cutover retune ${service} ${guard} --max 1% --reason "..."`
    if (value === undefined) throw usageProblem('retune needs a limit: --max or --min', [example])
    if (another !== undefined) throw usageProblem('retune changes one limit at a time', [example])
    if (retuningOf(value) === null)
      throw usageProblem(`retune: ${JSON.stringify(value)} names no guard and limit`, [example])
    const only: Invocation = { ...invocation, args: [service] }
    return decideOnce('retune', only, { ...this, value })
  },
}
