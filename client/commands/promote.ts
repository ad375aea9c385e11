// cutover promote: the hold in progress need not last longer.
import type { Command } from '../command.ts'
import { AS, REASON, RUN, decideOnce } from './decision.ts'

export const promote: Command = {
  name: 'promote',
  usage: 'promote SERVICE --reason TEXT [--run ID] [--as NAME]',
  about:
    'End the time of the hold in progress now, and go on as soon as its checks are good and its proofs are there. Nothing is skipped but time.',
  examples: ['cutover promote orders --reason "quiet night, all good"'],
  flags: [REASON, RUN, AS],
  run(invocation) {
    return decideOnce('promote', invocation, this)
  },
}
