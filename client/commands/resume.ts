// cutover resume: let a run that is paused go on.
import type { Command } from '../command.ts'
import { AS, REASON, RUN, decideOnce } from './decision.ts'

export const resume: Command = {
  name: 'resume',
  usage: 'resume SERVICE --reason TEXT [--run ID] [--as NAME]',
  about: 'Let a run that is paused go on.',
  examples: ['cutover resume orders --reason "incident is over"'],
  flags: [REASON, RUN, AS],
  run(invocation) {
    return decideOnce('resume', invocation, this)
  },
}
