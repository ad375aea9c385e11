// cutover retry: look or try again, at the gate of a stuck run.
import type { Command } from '../command.ts'
import { AS, GATE, REASON, RUN, decideOnce } from './decision.ts'

export const retry: Command = {
  name: 'retry',
  usage: 'retry SERVICE [--gate GATE] --reason TEXT [--run ID] [--as NAME]',
  about: 'Try again what a run is stuck at.',
  examples: ['cutover retry orders --reason "the token was renewed"'],
  flags: [GATE, REASON, RUN, AS],
  run(invocation) {
    return decideOnce('retry', invocation, this)
  },
}
