// The tarball, installed where nobody knows the checkout: what is in it, what npm says to it, and that it runs on every
// Node it names.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { freePorts } from '../../lab/ports.ts'
import type { OwnWorkers } from '../workflow/own-workers.ts'
import { type Program, programIn } from './program.ts'

const ROOT = join(import.meta.dirname, '../..')
const UI_ABOVE = 1_000
const RUN_WITHIN_MS = 180_000 // a run of a quarter of a minute, on busy cores
const { folder, tarball, said, nodes } = inject('installed')
const own = join(folder, 'node_modules/cutover')

describe('the package', () => {
  it('holds the program, its types, pages and examples, and no source, test or path of the machine that built it', () => {
    const names = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).trim().split('\n')
    const inside = names.map((name) => name.replace(/^package\//, ''))
    expect(inside.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([])
    expect(inside.filter((name) => /^(test|lab|scripts|bench|node_modules|\.)/.test(name))).toEqual([])
    expect(inside).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'docs/stuck.md',
        'examples/practice.yaml',
        'schema/runbook.json',
      ]),
    )
    const written = inside.filter((name) => name.startsWith('dist/'))
    expect(written).toEqual(
      expect.arrayContaining(['dist/workflow-bundle.js', 'dist/THIRD-PARTY-NOTICES.txt']),
    )
    expect(written.filter((name) => readFileSync(join(own, name), 'utf8').includes(ROOT))).toEqual([])
  })

  it('is installed by plain npm without a word about peers, engines or conflicts', () => {
    expect(said).toMatch(/added \d+ packages/)
    expect(said).not.toMatch(/ERESOLVE|EBADENGINE|peer|conflict|deprecated|ERR!/i)
    expect(() => execFileSync('npm', ['ls', '--all'], { cwd: folder, stdio: 'pipe' })).not.toThrow()
  })

  it('has one protobufjs for everything that speaks with Temporal', () => {
    const packages = ['client', 'common', 'proto', 'worker'].map((name) => `@temporalio/${name}`)
    const from = createRequire(join(own, 'package.json'))
    const places = packages.map((name) =>
      createRequire(from.resolve(`${name}/package.json`)).resolve('protobufjs/package.json'),
    )
    expect(new Set([...places, from.resolve('protobufjs/package.json')]).size).toBe(1)
    expect((JSON.parse(readFileSync(places[0] ?? '', 'utf8')) as { version: string }).version).toMatch(/^8\./)
  })

  it('has types that a strict program of another package compiles with', () => {
    expect(compiled(TYPED)).toBe('')
    expect(compiled(TYPED.replace(`verdict: 'abort'`, `verdict: 'perhaps'`))).toContain('TS2322')
  })
})

/** What the compiler says to the source, as a file of the program that installed the package. */
function compiled(source: string): string {
  writeFileSync(join(folder, 'typed.ts'), source)
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'esnext', '--module', 'nodenext']
  const args = [...options, '--ignoreConfig', '--types', '', 'typed.ts']
  return spawnSync(tsc, args, { cwd: folder, encoding: 'utf8' }).stdout
}

const TYPED = `import { connect, type RunView } from 'cutover'
import { defineSpec, failure, type TrafficPort } from 'cutover/provider'
import { type ChangingBench, changingContract } from 'cutover/testing'
import { z } from 'zod'

const cutover = await connect({ as: 'ci' })
const { runId } = await cutover.start('orders.yaml', { digest: '0123456789' })
for await (const view of cutover.watch('orders', { runId })) {
  const phase: RunView['phase'] = view.phase
  if (phase === 'stuck') await cutover.decide('orders', { verdict: 'abort', reason: 'too late at night' })
}
export const spec = defineSpec({
  id: 'notify/pager',
  port: 'notify',
  summary: 'A pager.',
  config: z.strictObject({ url: z.string() }),
  supports: { port: 'notify', cautions: [] },
  locks: ({ url }) => [url.toUpperCase()],
})
export const port: Pick<TrafficPort, 'observe'> = {
  observe: async (target) => {
    throw failure('Missing', target)
  },
}
export const held = (bench: () => Promise<ChangingBench>): void => changingContract('x', bench)
`

describe.each(nodes)('on Node $major', ({ node }) => {
  let program: Program
  let dev: OwnWorkers | undefined
  beforeAll(() => {
    program = programIn(folder, node)
  })
  afterAll(() => dev?.end())

  it('says what it can do, by the command that npm has linked', async () => {
    const { code, stdout } = await program.node([join(folder, 'node_modules/.bin/cutover'), '--help'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('\n  validate ')])
    const demo = await program.run(['demo'])
    expect([demo.code, demo.stderr]).toEqual([
      1,
      expect.stringContaining('not part of the installed package'),
    ])
  })

  it('is a plugin of kubectl by the links that npm has made, and offers what may be typed next', async () => {
    const linked = (name: string) => join(folder, 'node_modules/.bin', name)
    const { stdout } = await program.node([linked('kubectl-cutover'), 'approve', '--help'])
    expect(stdout).toContain('Usage: kubectl cutover approve')
    const typed = await program.node([linked('kubectl_complete-cutover'), 'appr'])
    expect(typed.stdout).toMatch(/^approve\t[^\n]+\n:4\n$/)
  })

  it('checks its examples, and tells the mistakes of a file', async () => {
    const good = await program.run(['validate', 'node_modules/cutover/examples/orders.yaml'])
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('is valid: orders, 12 steps') })
    writeFileSync(join(folder, 'wrong.yaml'), 'cutover: v1\nservice: a\nsteps:\n  - hodl: { for: 1s }\n')
    const bad = await program.run(['validate', 'wrong.yaml'])
    expect(bad).toMatchObject({ code: 2, stdout: expect.stringContaining('wrong.yaml:4') })
  })

  it(
    'brings a server and a worker with `dev`, and a simulated run to its end',
    async () => {
      const port = await devPort()
      dev = program.stay(['dev', '--port', String(port)])
      const served = dev.start({ ...program.env, CUTOVER_METRICS_ADDRESS: 'off' })
      await served.wrote(/serving cutover/)
      const practice = [
        'start',
        'node_modules/cutover/examples/practice.yaml',
        '--yes',
        '--wait',
        '-o',
        'json',
      ]
      const ended = await program.run(practice, { TEMPORAL_ADDRESS: `127.0.0.1:${port}` })
      expect(ended, served.text()).toMatchObject({ code: 0 })
      expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'completed', weights: { old: 0, new: 100 } })
      served.signal('SIGTERM')
      expect(await served.ended, served.text()).toBe(0)
    },
    RUN_WITHIN_MS,
  )
})

/** Free, and so is the one of the UI above it. */
async function devPort(): Promise<number> {
  for (;;) {
    const [port = 0] = await freePorts(1)
    const ui = createServer().listen(port + UI_ABOVE, '127.0.0.1')
    const isFree = await once(ui, 'listening').then(
      () => true,
      () => false,
    )
    ui.close()
    if (isFree) return port
  }
}
