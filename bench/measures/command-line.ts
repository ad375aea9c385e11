// How long a person waits for the CLI: fresh processes, beside a Node that does nothing.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFolder } from '../../lab/folder.ts'
import { CUTOVER } from '../../lab/stage/worker.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'

const PROCESSES = 20
const WARM_UP = 2 // the first start compiles and keeps what it compiled
const RUNBOOK_LINES = 200
const HELP_MS_MAX = 150
const VALIDATE_MS_MAX = 300
const EXAMPLE = fileURLToPath(new URL('../../examples/orders.yaml', import.meta.url))

export async function commandLine(): Promise<Row[]> {
  const folder = createFolder('bench')
  try {
    const file = join(folder.path, 'long.yaml')
    writeFileSync(file, longRunbook())
    const commands = { node: ['-e', '0'], help: [CUTOVER, '--help'], validate: [CUTOVER, 'validate', file] }
    const took: { [name in keyof typeof commands]: number[] } = { node: [], help: [], validate: [] }
    for (let number = 0; number < PROCESSES + WARM_UP; number++) {
      for (const [name, args] of Object.entries(commands) as [keyof typeof commands, string[]][]) {
        const ms = await wallMs(args)
        if (number >= WARM_UP) took[name].push(ms)
      }
    }
    return [
      rowOf('cutover --help', took.help, { floor: took.node, max: HELP_MS_MAX }),
      rowOf(`cutover validate, ${RUNBOOK_LINES} lines`, took.validate, {
        floor: took.node,
        max: VALIDATE_MS_MAX,
      }),
    ]
  } finally {
    folder.remove()
  }
}

async function wallMs(args: string[]): Promise<number> {
  const from = performance.now()
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`)
  return performance.now() - from
}

/** The longest example with more guards, filled up with comments to the line. */
function longRunbook(): string {
  const example = readFileSync(EXAMPLE, 'utf8').trimEnd().split('\n')
  const at = example.findIndex((line) => line.startsWith('notify:'))
  const guards = Array.from({ length: 10 }, (_, number) => guard(number)).flat()
  const lines = [...example.slice(0, at), ...guards, ...example.slice(at)]
  while (lines.length < RUNBOOK_LINES) lines.push(`# line ${lines.length + 1}`)
  return `${lines.slice(0, RUNBOOK_LINES).join('\n')}\n`
}

function guard(number: number): string[] {
  const of = (word: string, more = '') =>
    `sum(${word}(http_requests_total{app="orders",side="$side",route="r${number}"${more}}[1m]))`
  return [
    `  route-${number}:`,
    `    from: prom`,
    `    query: (${of('rate', ',status=~"5.."')} or 0 * ${of('rate')}) / ${of('rate')}`,
    `    samples: ${of('increase')}`,
    `    max: 1%`,
    `    breach: 3 in a row`,
    `    every: 10s`,
    `    min_samples: 100`,
    `    when_unknown: { for: 2m, do: hold }`,
  ]
}

function rowOf(measure: string, took: number[], { floor, max }: { floor: number[]; max: number }): Row {
  const [spread, node] = [spreadOf(took), spreadOf(floor)]
  return {
    measure,
    target: { figure: 'p50', is: rounded(spread.p50), max, unit: ' ms' },
    ratios: {
      p50ToEmptyNode: rounded(spread.p50 / node.p50),
      p99ToEmptyNode: rounded(spread.p99 / node.p99),
    },
    figures: { samples: spread.samples, ...inMs('wall', spread), ...inMs('emptyNode', node) },
  }
}
