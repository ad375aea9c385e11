// `npm run bench`: the numbers to hold, measured on the lab and printed as ratios first. Writes bench/results.json.
// Never asserts a time: exit code 1 means that a measure could not be made or a request failed, not that it was slow.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Machine, machineFacts } from './report/machine.ts'
import { block } from './report/table.ts'
import { type Ground, openGround } from './ground/ground.ts'
import { MEASURES, type Measure } from './measures/all.ts'
import type { Row } from './report/row.ts'

const RESULTS = fileURLToPath(new URL('results.json', import.meta.url))
const USAGE = `usage: npm run bench -- [--only NAME[,NAME]] [--scale] [--cluster] [--soak] [--out FILE]
  names: ${MEASURES.map(({ name }) => name).join(', ')}`

type Choice = { only: string[]; scale: boolean; cluster: boolean; soak: boolean; out: string }

function read(argv: string[]): Choice | null {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        only: { type: 'string' },
        scale: { type: 'boolean' },
        cluster: { type: 'boolean' },
        soak: { type: 'boolean' },
        out: { type: 'string' },
      },
    })
    const only = values.only?.split(',') ?? []
    if (only.some((wanted) => !MEASURES.some(({ name }) => name === wanted))) return null
    const { scale = false, cluster = false, soak = false, out = RESULTS } = values
    return { only, scale, cluster, soak, out }
  } catch {
    return null // unknown flag: the usage says what there is
  }
}

function isWanted({ name, isLong, onCluster }: Measure, { only, scale, cluster }: Choice): boolean {
  if (only.length > 0) return only.includes(name)
  return onCluster === true ? cluster : isLong !== true || scale
}

async function bench(choice: Choice): Promise<number> {
  const machine = await machineFacts()
  process.stdout.write(
    `${machine.cores} cores, ${machine.memoryGib} GiB, node ${machine.node}, ${Object.entries(machine.servers)
      .map((each) => each.join(' '))
      .join(', ')}; load ${machine.loadAtStart}\n`,
  )
  const results: Results = { machine, failures: [], rows: [] }
  const measures = MEASURES.filter((each) => isWanted(each, choice))
  for (const [onCluster, of] of Map.groupBy(measures, (each) => each.onCluster === true)) {
    const ground = await openGround({ onCluster })
    try {
      for (const measure of of) await add(measure, ground, { choice, results })
    } finally {
      await ground.close()
    }
  }
  const { failures, rows } = results
  const lost = rows.some(({ figures }) => (figures['failedRequests'] ?? 0) > 0)
  return failures.length > 0 || lost ? 1 : 0
}

type Results = { machine: Machine; failures: string[]; rows: Row[] }

/** What was measured so far is written each time: the rest takes minutes. */
async function add(
  measure: Measure,
  ground: Ground,
  { choice, results }: { choice: Choice; results: Results },
): Promise<void> {
  process.stdout.write(`\n# ${measure.name}\n`)
  try {
    const rows = await made(measure, ground, { isSoak: choice.soak, before: results.rows })
    for (const row of rows) process.stdout.write(`${block(row)}\n`)
    results.rows.push(...rows)
  } catch (error) {
    results.failures.push(measure.name)
    const why = error instanceof Error ? error.stack : String(error)
    process.stdout.write(`could not be measured: ${why}\n`)
  }
  writeFileSync(choice.out, `${JSON.stringify(results, null, 2)}\n`)
}

async function made(
  measure: Measure,
  ground: Ground,
  options: { isSoak: boolean; before: readonly Row[] },
): Promise<Row[]> {
  if (!measure.isServedHere) return await measure.take(ground, options)
  const serving = await ground.serve()
  try {
    return await measure.take(ground, options)
  } finally {
    await serving.stop()
  }
}

const choice = read(process.argv.slice(2))
if (choice === null) process.stderr.write(`${USAGE}\n`)
process.exitCode = choice === null ? 2 : await bench(choice)
