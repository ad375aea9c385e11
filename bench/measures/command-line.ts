// How long a person waits for the CLI: fresh processes of the built package, beside a Node that does nothing. Three times,
// and the worst counts: a single round can be lucky.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFolder } from '../../lab/folder.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'

const ROUNDS = 3
const PROCESSES = 20
const WARM_UP = 2 // the first start compiles and keeps what it compiled
const RUNBOOK_LINES = 200
const HELP_RATIO_MAX = 1.3
const VALIDATE_RATIO_MAX = 3
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const EXAMPLE = join(ROOT, 'examples/orders.yaml')
const PACKAGED = ['bin', 'dist', 'schema', 'package.json']

type Took = { node: number[]; help: number[]; validate: number[] }

export async function commandLine(): Promise<Row[]> {
  const folder = createFolder('bench')
  try {
    const cutover = builtInto(folder.path)
    const file = join(folder.path, 'long.yaml')
    writeFileSync(file, longRunbook())
    const commands = { node: ['-e', '0'], help: [cutover, '--help'], validate: [cutover, 'validate', file] }
    const rounds: Took[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await oneRound(commands))
    return [
      rowOf('cutover --help', rounds, { of: 'help', max: HELP_RATIO_MAX }),
      rowOf(`cutover validate, ${RUNBOOK_LINES} lines`, rounds, { of: 'validate', max: VALIDATE_RATIO_MAX }),
    ]
  } finally {
    folder.remove()
  }
}

/** As it is installed: without its source, or that would be run. Gives the path of its command. */
function builtInto(folder: string): string {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: 'ignore' })
  for (const part of PACKAGED) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'bin/cutover.js')
}

async function oneRound(commands: { [name in keyof Took]: string[] }): Promise<Took> {
  const took: Took = { node: [], help: [], validate: [] }
  for (let number = 0; number < PROCESSES + WARM_UP; number++) {
    for (const [name, args] of Object.entries(commands) as [keyof Took, string[]][]) {
      const ms = await wallMs(args)
      if (number >= WARM_UP) took[name].push(ms)
    }
  }
  return took
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

function rowOf(measure: string, rounds: Took[], { of, max }: { of: keyof Took; max: number }): Row {
  const told = rounds.map((took) => {
    const [spread, node] = [spreadOf(took[of]), spreadOf(took.node)]
    return { spread, node, ratio: spread.p50 / node.p50, p99Ratio: spread.p99 / node.p99 }
  })
  const worst = told.reduce((a, b) => (b.ratio > a.ratio ? b : a))
  return {
    measure,
    target: { figure: 'p50 to an empty node, worst round', is: rounded(worst.ratio), max, unit: 'x' },
    ratios: {
      p50ToEmptyNode: rounded(worst.ratio),
      p99ToEmptyNode: rounded(worst.p99Ratio),
      bestP50ToEmptyNode: rounded(Math.min(...told.map(({ ratio }) => ratio))),
    },
    figures: {
      rounds: rounds.length,
      samples: worst.spread.samples,
      ...inMs('wall', worst.spread),
      ...inMs('emptyNode', worst.node),
    },
  }
}
