// cutover status: where a run is, once. Works without a worker too, and then says what is old.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

export const status: Command = {
  name: 'status',
  usage: 'status SERVICE [--run ID] [-o json]',
  about: 'Show where a run is: steps, weights, guards, open gates, changes.',
  details: `Shows the run under way, else the last one. Where no worker answers, it tells what the Temporal
server knows by itself and says so. Exit code 0 whenever there is something to show.`,
  flags: [{ name: 'run', value: 'ID', about: 'An earlier run, by its run id (see cutover list --all)' }],
  async run({ args, flags, out, temporal }) {
    const [service = ''] = expectArgs(args, ['SERVICE'], this.usage)
    const access = await temporal()
    const { readRun } = await import('../run/read.ts')
    const { showOnce } = await import('../run/attend.ts')
    const { view } = await readRun(access, service, textFlag(flags, 'run'))
    showOnce(view, out)
    return EXIT.done
  },
}
