// cutover extend: give the hold in progress, or a question that expires, more time.
import { textFlag } from '../arguments.ts'
import type { Command, Flag } from '../command.ts'
import { usageProblem } from '../problem.ts'
import { DURATION } from '../../workflows/quantities.ts'
import { AS, GATE, REASON, RUN, decideOnce } from './decision.ts'

const BY: Flag = { name: 'by', value: 'TIME', about: 'How much longer, such as 30m or 1h30m' }

export const extend: Command = {
  name: 'extend',
  usage: 'extend SERVICE --by TIME [--gate GATE] --reason TEXT [--run ID] [--as NAME]',
  about:
    'Let the hold in progress last longer; with --gate, let a question expire later. What was counted stays.',
  examples: [
    'cutover extend orders --by 30m --reason "one more peak"',
    'cutover extend orders --gate s05-approve --by 2h --reason "ana is on a train"',
  ],
  flags: [BY, { ...GATE, about: 'A question that expires; default: the hold in progress' }, REASON, RUN, AS],
  async run(invocation) {
    const by = textFlag(invocation.flags, 'by')
    const [service = 'SERVICE'] = invocation.args
    if (by === undefined || !DURATION.test(by)) {
      throw usageProblem(
        by === undefined ? 'extend needs the time to add' : `extend: ${JSON.stringify(by)} is not a time`,
        [`cutover extend ${service} --by 30m --reason "..."`],
      )
    }
    return decideOnce('extend', invocation, { ...this, value: by })
  },
}
