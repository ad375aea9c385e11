// cutover status: where a run is, once. Works without a worker too, and then says what is old.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { RUN } from './decision.ts'

export const status: Command = {
  name: 'status',
  usage: 'status SERVICE [--run ID] [--line] [--partial] [-o json]',
  about: 'Show where a run is: steps, weights, guards, open gates, changes.',
  details: `Shows the run under way, else the last one. A worker that does not answer is asked again for half a minute.
If none does, what the Temporal server knows by itself is shown, the rest as unknown, and the exit code is 1;
with --partial that is asked for once, and is no failure. Exit code 0 whenever all of it could be shown.`,
  examples: [
    'cutover status orders',
    'cutover status orders --line',
    'cutover status orders --run 01a21ac3 -o json',
  ],
  flags: [
    RUN,
    { name: 'line', about: 'One line, for prompts and topics of chats' },
    { name: 'partial', about: 'Where no worker answers, be content with what the Temporal server knows' },
  ],
  async run({ args, flags, out, temporal }) {
    const [service = ''] = expectArgs(args, ['SERVICE'], this.usage)
    const access = await temporal()
    const [{ readRun }, { toldInPart }] = await Promise.all([
      import('../../view/read.ts'),
      import('../run/trouble-problem.ts'),
    ])
    const { showOnce } = await import('../run/attend.ts')
    const { statusLine } = await import('../output/status-line.ts')
    const isPartial = flags['partial'] === true
    const reading = { runId: textFlag(flags, 'run'), isPatient: !isPartial, progress: out.error }
    const { view } = await readRun(access, service, reading)
    const isWhole = view.stale === null || isPartial
    if (flags['line'] === true && !out.json) out.line(statusLine(view, Date.now()))
    else if (isWhole || !out.json) showOnce(view, out, access)
    if (!isWhole) throw toldInPart(view, `cutover status ${service} --partial`)
    return EXIT.done
  },
}
