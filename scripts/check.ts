// `npm run check`: everything that can be known about the code without running it on servers, at once, in under a minute.
// Prints one line per part as it ends, the whole output of every part that failed, and a sum. Changes nothing.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)
const AT_ONCE = Math.max(2, availableParallelism()) // each part is a process of its own, most of them on one core

interface Part {
  name: string
  /** What a failure means, in one line. */
  asks: string
  command: string
  args: string[]
}

/** Longest first, so that the short ones fill the gaps. */
const parts: Part[] = [
  {
    name: 'rules',
    asks: 'does the repository keep its own rules, and does the workflow bundle hold only what it may?',
    command: 'vitest',
    args: ['run', '--project=tidy', '--project=bundle'],
  },
  { name: 'lint', asks: 'is there a known mistake in the code?', command: 'oxlint', args: ['--type-aware'] },
  { name: 'types', asks: 'do the types hold?', command: 'tsc', args: ['--noEmit'] },
  {
    name: 'shipped',
    asks: 'does what is shipped use only what the oldest Node it runs on has?',
    command: 'tsc',
    args: [
      '--project',
      'tsconfig.build.json',
      '--noEmit',
      '--emitDeclarationOnly',
      'false',
      '--declaration',
      'false',
    ],
  },
  { name: 'unused', asks: 'is there code or a dependency nobody uses?', command: 'knip', args: [] },
  {
    name: 'fresh',
    asks: 'is what is generated (registries, schema/, tables in docs/) what folders and code say? `npm run generate` renews it',
    command: process.execPath,
    args: ['scripts/generate.ts', '--check'],
  },
  {
    name: 'deploy',
    asks: 'are the image and the compose file well written?',
    command: process.execPath,
    args: ['scripts/lint-deploy.ts'],
  },
  {
    name: 'format',
    asks: 'is everything formatted? `npm run format` does it',
    command: 'oxfmt',
    args: ['--check', '.'],
  },
]

interface Result {
  part: Part
  isGood: boolean
  output: string
}

const results: Result[] = []
const waiting = [...parts]
await Promise.all(Array.from({ length: AT_ONCE }, work))
const failed = results.filter(({ isGood }) => !isGood)
for (const { part, output } of failed) {
  console.log(
    `\n=== ${part.name}: ${part.asks}\n$ ${[part.command, ...part.args].join(' ')}\n${output.trim()}`,
  )
}
// The last line is read by .ci/run.
console.log(`\ncheck: ${results.length - failed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1

async function work(): Promise<void> {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    const started = Date.now()
    const result = await run(part)
    results.push(result)
    const seconds = ((Date.now() - started) / 1_000).toFixed(1).padStart(5)
    console.log(`${result.isGood ? 'ok    ' : 'FAILED'} ${part.name.padEnd(7)} ${seconds} s`)
  }
}

/** Never rejects: a part that cannot be started has failed. */
async function run(part: Part): Promise<Result> {
  return await new Promise((done) => {
    const child = spawn(part.command, part.args, {
      cwd: root,
      env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    child.on('error', (error) => done({ part, isGood: false, output: `${output}\n${error.message}` }))
    child.on('close', (code) => done({ part, isGood: code === 0, output }))
  })
}
