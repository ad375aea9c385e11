// cutover watch: follows a run to its end. Ctrl-C leaves the run alone.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command } from '../command.ts'
import { RUN } from './decision.ts'

export const watch: Command = {
  name: 'watch',
  usage: 'watch SERVICE [--run ID] [-o json]',
  about: 'Follow a run until it ends: a live view on a terminal, one line per event elsewhere.',
  details: `Ctrl-C detaches (exit code 130) and never touches the run. Ends with the exit code of the outcome:
0 completed, 1 failed before anything was changed, 3 aborted and restored, 4 a person is needed,
5 failed and restored.
Without a terminal it also ends, with 4, when the run is stuck. -o json prints the final view only.`,
  examples: ['cutover watch orders'],
  flags: [RUN],
  async run({ args, flags, out, signal, temporal }) {
    const [service = ''] = expectArgs(args, ['SERVICE'], this.usage)
    const access = await temporal()
    const { attend } = await import('../run/attend.ts')
    const runId = textFlag(flags, 'run')
    return await attend({ access, service, out, signal, ...(runId === undefined ? {} : { runId }) })
  },
}
