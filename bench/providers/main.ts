// `npm run bench:providers`: what providers cost beside the raw call of their backend, in turns: proxies each on its server, a mesh also
// beside the real controller of Argo Rollouts on the same API server. Asserts no time; writes its results only where it is told to.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ensure } from '../../scripts/setup.mjs'
import { type Machine, machineFacts } from '../report/machine.ts'
import type { Row } from '../report/row.ts'
import { block, markdownRow } from '../report/table.ts'
import { abortsInTurns } from './aborts.ts'
import { earlyAborts } from './early.ts'
import { putEdges, putPeer } from './edges.ts'
import { type Ground, openGround } from './ground.ts'
import { PROXIES } from './proxies/edges.ts'
import { measureProxy } from './proxies/measure.ts'
import { writesBesideRaw } from './writes.ts'

interface Measure {
  name: string
  group: 'mesh' | 'proxies'
  /** `ground` is only there for those of a mesh. */
  take(of: { ground: () => Promise<Ground>; isQuick: boolean }): Promise<Row[]>
}

const MEASURES: Measure[] = [
  ...PROXIES.map((name): Measure => ({
    name,
    group: 'proxies',
    take: ({ isQuick }) => measureProxy(name, { isQuick, say }),
  })),
  {
    name: 'writes',
    group: 'mesh',
    take: async ({ ground, isQuick }) => writesBesideRaw(await ground(), isQuick ? 2 : 12),
  },
  {
    name: 'aborts',
    group: 'mesh',
    take: async ({ ground, isQuick }) => abortsInTurns(await ground(), isQuick ? 3 : 100),
  },
  {
    name: 'early',
    group: 'mesh',
    take: async ({ ground, isQuick }) =>
      earlyAborts(await ground(), isQuick ? { ours: 6, peer: 4 } : { ours: 200, peer: 70 }),
  },
]
const namesOf = (group: string): string =>
  MEASURES.filter((each) => each.group === group)
    .map(({ name }) => name)
    .join(', ')
const USAGE = `usage: npm run bench:providers -- [--only NAME[,NAME]] [--quick] [--out FILE]
  --only NAME   proxies (${namesOf('proxies')}), mesh (${namesOf('mesh')}), or some of these;
                the API server, istiod and the controller are built and started for mesh alone
  --quick       few turns: whether it works, not how long it takes
  --out FILE    every figure as measured, as JSON
  exit code     1 when something could not be measured, or a request failed; no time decides`

type Choice = { measures: Measure[]; isQuick: boolean; out: string | null }

function read(argv: string[]): Choice | 'help' | null {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean' },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) return 'help'
    const only = values.only?.split(',') ?? []
    if (only.some((wanted) => !MEASURES.some(({ name, group }) => [name, group].includes(wanted))))
      return null
    const isWanted = ({ name, group }: Measure): boolean =>
      only.length === 0 || only.includes(name) || only.includes(group)
    return { measures: MEASURES.filter(isWanted), isQuick: values.quick ?? false, out: values.out ?? null }
  } catch {
    return null // unknown flag: the usage says what there is
  }
}

/** Progress, beside the results. */
function say(words: string): void {
  process.stderr.write(`${words}\n`)
}

/** One for all measures of a mesh, opened by the first of them. */
function lazyGround(): { open(): Promise<Ground>; close(): Promise<void> } {
  let opening: Promise<Ground> | null = null
  return {
    open: () => (opening ??= openMesh()),
    close: async () => {
      const ground = await opening?.catch(() => null) // told where it was asked for
      await ground?.close()
    },
  }
}

async function openMesh(): Promise<Ground> {
  await ensure({ servers: true, mesh: true })
  say('starting the API server, istiod, Envoy and the controller of Argo Rollouts')
  const ground = await openGround()
  try {
    await putEdges(ground)
    await putPeer(ground)
    return ground
  } catch (error) {
    await ground.close()
    throw error
  }
}

async function bench({ measures, isQuick, out }: Choice): Promise<number> {
  const machine = await machineFacts()
  process.stdout.write(
    `${machine.cores} cores, ${machine.memoryGib} GiB, node ${machine.node}; load ${machine.loadAtStart}\n`,
  )
  const results: { machine: Machine; failures: string[]; rows: Row[] } = { machine, failures: [], rows: [] }
  const ground = lazyGround()
  try {
    for (const { name, take } of measures) {
      process.stdout.write(`\n# ${name}\n`)
      try {
        const rows = await take({ ground: ground.open, isQuick })
        for (const row of rows) process.stdout.write(`${block(row)}\n`)
        results.rows.push(...rows)
      } catch (error) {
        results.failures.push(name)
        process.stdout.write(
          `could not be measured: ${error instanceof Error ? error.stack : String(error)}\n`,
        )
      }
    }
  } finally {
    await ground.close()
  }
  process.stdout.write(`\n# the rows for docs/measurements.md\n${results.rows.map(markdownRow).join('\n')}\n`)
  if (out !== null) writeFileSync(out, `${JSON.stringify(results, null, 2)}\n`)
  const isLost = results.rows.some(
    ({ figures, target }) =>
      (figures['failedRequests'] ?? 0) > 0 || (target?.figure === 'lost' && target.is > 0),
  )
  return results.failures.length > 0 || isLost ? 1 : 0
}

const choice = read(process.argv.slice(2))
if (choice === null) process.stderr.write(`${USAGE}\n`)
if (choice === 'help') process.stdout.write(`${USAGE}\n`)
process.exitCode = choice === null ? 2 : choice === 'help' ? 0 : await bench(choice)
