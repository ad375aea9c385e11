// `npm run bench:providers`: what providers cost in a mesh, beside the raw call of their backend and beside the real controller of Argo
// Rollouts on the same API server, in turns. Asserts no time; writes its results only where it is told to.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Machine, machineFacts } from '../report/machine.ts'
import type { Row } from '../report/row.ts'
import { block } from '../report/table.ts'
import { abortsInTurns } from './aborts.ts'
import { earlyAborts } from './early.ts'
import { putEdges, putPeer } from './edges.ts'
import { type Ground, openGround } from './ground.ts'
import { writesBesideRaw } from './writes.ts'

const MEASURES: { name: string; take(ground: Ground, isQuick: boolean): Promise<Row[]> }[] = [
  { name: 'writes', take: (ground, isQuick) => writesBesideRaw(ground, isQuick ? 2 : 12) },
  { name: 'aborts', take: (ground, isQuick) => abortsInTurns(ground, isQuick ? 3 : 100) },
  {
    name: 'early',
    take: (ground, isQuick) => earlyAborts(ground, isQuick ? { ours: 6, peer: 4 } : { ours: 200, peer: 70 }),
  },
]
const USAGE = `usage: npm run bench:providers -- [--only NAME[,NAME]] [--quick] [--out FILE]
  names: ${MEASURES.map(({ name }) => name).join(', ')}`

type Choice = { only: string[]; isQuick: boolean; out: string | null }

function read(argv: string[]): Choice | null {
  try {
    const { values } = parseArgs({
      args: argv,
      options: { only: { type: 'string' }, quick: { type: 'boolean' }, out: { type: 'string' } },
    })
    const only = values.only?.split(',') ?? []
    if (only.some((wanted) => !MEASURES.some(({ name }) => name === wanted))) return null
    return { only, isQuick: values.quick ?? false, out: values.out ?? null }
  } catch {
    return null // unknown flag: the usage says what there is
  }
}

async function bench({ only, isQuick, out }: Choice): Promise<number> {
  const machine = await machineFacts()
  process.stdout.write(
    `${machine.cores} cores, ${machine.memoryGib} GiB, node ${machine.node}; load ${machine.loadAtStart}\n`,
  )
  const results: { machine: Machine; failures: string[]; rows: Row[] } = { machine, failures: [], rows: [] }
  const ground = await openGround()
  try {
    await putEdges(ground)
    await putPeer(ground)
    for (const { name, take } of MEASURES.filter((each) => only.length === 0 || only.includes(each.name))) {
      process.stdout.write(`\n# ${name}\n`)
      try {
        const rows = await take(ground, isQuick)
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
  if (out !== null) writeFileSync(out, `${JSON.stringify(results, null, 2)}\n`)
  const isLost = results.rows.some(
    ({ figures, target }) =>
      (figures['failedRequests'] ?? 0) > 0 || (target?.figure === 'lost' && target.is > 0),
  )
  return results.failures.length > 0 || isLost ? 1 : 0
}

const choice = read(process.argv.slice(2))
if (choice === null) process.stderr.write(`${USAGE}\n`)
process.exitCode = choice === null ? 2 : await bench(choice)
