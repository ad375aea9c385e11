// cutover approve: a person's yes at a gate.
import type { Command } from '../command.ts'
import { AS, GATE, REASON, RUN, decideOnce } from './decision.ts'

export const approve: Command = {
  name: 'approve',
  usage: 'approve SERVICE [--gate GATE] [--reason TEXT] [--run ID] [--as NAME]',
  about: 'Open the gate that waits for a person.',
  details: `A refusal (not on the list, already decided, another plan) is printed as the run gave it; exit code 1.
With several open gates and no --gate they are listed; exit code 2. Where no worker answers, the approval
is left with the Temporal server and counts as soon as one does.`,
  examples: [
    'cutover approve orders',
    'cutover approve orders --gate s05-approve --reason "looks good" --as ana',
  ],
  flags: [GATE, REASON, RUN, AS],
  run(invocation) {
    return decideOnce('approve', invocation, this)
  },
}
