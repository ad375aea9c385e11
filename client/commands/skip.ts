// cutover skip: leave a target to a person, at the gate of a stuck run. It is listed with the outcome.
import type { Command } from '../command.ts'
import { AS, GATE, REASON, RUN, decideOnce } from './decision.ts'

export const skip: Command = {
  name: 'skip',
  usage: 'skip SERVICE [--gate GATE] --reason TEXT [--run ID] [--as NAME]',
  about: 'Leave what a run is stuck at to a person; the run goes on and lists it with its outcome.',
  examples: ['cutover skip orders --gate restore/edge/split/1 --reason "done by hand"'],
  flags: [GATE, REASON, RUN, AS],
  run(invocation) {
    return decideOnce('skip', invocation, this)
  },
}
