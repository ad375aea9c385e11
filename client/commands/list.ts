// cutover list: the runs there are, from the server's visibility store; no worker is asked.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command } from '../command.ts'
import { PHASES } from '../../view/phases.ts'
import { EXIT } from '../exit-codes.ts'
import { usageProblem } from '../problem.ts'

const RUNS_MAX = 1_000 // a list longer than this is not read by anybody
const PHASES_UNDER_WAY = PHASES.filter((phase) => phase !== 'ended')

export const list: Command = {
  name: 'list',
  usage: 'list [--service NAME] [--phase PHASE] [--limit N] [--all] [-o json]',
  about: 'List the runs under way, from the Temporal server alone.',
  examples: ['cutover list', 'cutover list --phase stuck', 'cutover list --service shop --all -o json'],
  flags: [
    { name: 'service', value: 'NAME', about: 'Only of this service, or of those whose names begin so' },
    { name: 'phase', value: 'PHASE', about: `Only in this phase: ${PHASES_UNDER_WAY.join(', ')}` },
    { name: 'limit', value: 'N', about: `The newest so many; default: ${RUNS_MAX}` },
    { name: 'all', about: 'The ended ones too, as long as the server keeps them' },
  ],
  async run({ args, flags, out, temporal }) {
    expectArgs(args, [], this.usage)
    const listing = {
      all: flags['all'] === true,
      service: textFlag(flags, 'service'),
      phase: phaseIn(textFlag(flags, 'phase')),
      max: limitIn(textFlag(flags, 'limit')),
    }
    const access = await temporal()
    const { listRuns } = await import('../../view/list.ts')
    const runs = await listRuns(access, listing)
    if (out.json) {
      out.document(runs)
      return EXIT.done
    }
    const { runTable } = await import('../output/run-table.ts')
    for (const line of runTable(runs, { width: out.width, color: out.color, now: Date.now() })) out.line(line)
    const isFiltered = listing.service !== undefined || listing.phase !== undefined
    const none = isFiltered ? 'no such runs' : 'no runs'
    if (runs.length === 0) out.line(listing.all ? none : `${none} under way; --all shows the ended ones`)
    return EXIT.done
  },
}

function phaseIn(text: string | undefined): string | undefined {
  if (text === undefined || PHASES_UNDER_WAY.includes(text)) return text
  throw usageProblem(`${JSON.stringify(text)} is no phase of a run`, [
    `--phase ${PHASES_UNDER_WAY.join('|')}`,
  ])
}

function limitIn(text: string | undefined): number {
  if (text === undefined) return RUNS_MAX
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= RUNS_MAX) return limit
  throw usageProblem(`--limit is a whole number from 1 to ${RUNS_MAX}, not ${JSON.stringify(text)}`)
}
