// cutover list: the runs there are, from the server's visibility store; no worker is asked.
import { expectArgs } from '../arguments.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

const RUNS_MAX = 1_000 // a list longer than this is not read by anybody

export const list: Command = {
  name: 'list',
  usage: 'list [--all] [-o json]',
  about: 'List the runs under way, from the Temporal server alone.',
  flags: [{ name: 'all', about: 'The ended ones too, as long as the server keeps them' }],
  async run({ args, flags, out, temporal }) {
    expectArgs(args, [], this.usage)
    const access = await temporal()
    const { listRuns } = await import('../../view/list.ts')
    const runs = await listRuns(access, { all: flags['all'] === true, max: RUNS_MAX })
    if (out.json) {
      out.document(runs)
      return EXIT.done
    }
    const { runTable } = await import('../output/run-table.ts')
    for (const line of runTable(runs, { width: out.width, color: out.color, now: Date.now() })) out.line(line)
    if (runs.length === 0)
      out.line(flags['all'] === true ? 'no runs' : 'no runs under way; --all shows the ended ones')
    return EXIT.done
  },
}
