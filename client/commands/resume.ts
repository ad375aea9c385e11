// cutover resume: let a run that is paused go on.
import type { Command } from '../command.ts'
import { AS, REASON, decideOnce } from './decision.ts'

export const resume: Command = {
  name: 'resume',
  usage: 'resume SERVICE --reason TEXT [--as NAME]',
  about: 'Let a run that is paused go on.',
  examples: ['cutover resume orders --reason "incident is over"'],
  flags: [REASON, AS],
  run(invocation) {
    return decideOnce('resume', invocation, this)
  },
}
