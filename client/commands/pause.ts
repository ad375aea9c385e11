// cutover pause: begin nothing new until the run is resumed.
import type { Command } from '../command.ts'
import { AS, REASON, RUN, decideOnce } from './decision.ts'

export const pause: Command = {
  name: 'pause',
  usage: 'pause SERVICE --reason TEXT [--run ID] [--as NAME]',
  about:
    'Begin nothing new: no change, no piece of long work. What is held is held on, and guards stay watched.',
  examples: ['cutover pause orders --reason "incident elsewhere"'],
  flags: [REASON, RUN, AS],
  run(invocation) {
    return decideOnce('pause', invocation, this)
  },
}
