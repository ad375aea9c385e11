// `npm run bench`: the numbers to hold, measured on the lab and printed as ratios first. Writes bench/results.json.
// Never asserts a time: exit code 1 means that a measure could not be made or a request failed, not that it was slow.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machineFacts } from './report/machine.ts'
import { block } from './report/table.ts'
import { type Ground, openGround } from './ground/ground.ts'
import { MEASURES, type Measure } from './measures/all.ts'
import type { Row } from './report/row.ts'

const RESULTS = fileURLToPath(new URL('results.json', import.meta.url))
const USAGE = `usage: npm run bench -- [--only NAME[,NAME]] [--scale] [--soak] [--out FILE]
  names: ${MEASURES.map(({ name }) => name).join(', ')}`

type Choice = { only: string[]; scale: boolean; soak: boolean; out: string }

function read(argv: string[]): Choice | null {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        only: { type: 'string' },
        scale: { type: 'boolean' },
        soak: { type: 'boolean' },
        out: { type: 'string' },
      },
    })
    const only = values.only?.split(',') ?? []
    if (only.some((wanted) => !MEASURES.some(({ name }) => name === wanted))) return null
    return { only, scale: values.scale === true, soak: values.soak === true, out: values.out ?? RESULTS }
  } catch {
    return null // unknown flag: the usage says what there is
  }
}

function isWanted({ name, isLong }: Measure, { only, scale }: Choice): boolean {
  return only.length > 0 ? only.includes(name) : isLong !== true || scale
}

async function bench(choice: Choice): Promise<number> {
  const machine = await machineFacts()
  process.stdout.write(
    `${machine.cores} cores, ${machine.memoryGib} GiB, node ${machine.node}, ${Object.entries(machine.servers)
      .map((each) => each.join(' '))
      .join(', ')}; load ${machine.loadAtStart}\n`,
  )
  const ground = await openGround()
  const rows: Row[] = []
  const failures: string[] = []
  try {
    for (const measure of MEASURES.filter((each) => isWanted(each, choice))) {
      process.stdout.write(`\n# ${measure.name}\n`)
      try {
        for (const row of await made(measure, ground, { isSoak: choice.soak, before: rows })) {
          rows.push(row)
          process.stdout.write(`${block(row)}\n`)
        }
      } catch (error) {
        failures.push(measure.name)
        process.stdout.write(
          `could not be measured: ${error instanceof Error ? error.stack : String(error)}\n`,
        )
      }
      writeFileSync(choice.out, `${JSON.stringify({ machine, failures, rows }, null, 2)}\n`)
    }
  } finally {
    await ground.close()
  }
  const lost = rows.some(({ figures }) => (figures['failedRequests'] ?? 0) > 0)
  return failures.length > 0 || lost ? 1 : 0
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
