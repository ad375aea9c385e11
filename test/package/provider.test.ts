// A provider in a package of its own: known to worker and CLI by its name, held to the contract suite of the package, and
// moved by a program that uses the client API.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Temporal, startTemporal } from '../../lab/servers/temporal.ts'
import type { OwnWorkers } from '../workflow/own-workers.ts'
import { type Program, programIn } from './program.ts'

interface Flags {
  url: string
  flags: Record<string, { old: number; new: number; by: string }>
  end(): Promise<void>
}

const { folder, nodes } = inject('installed')
const example = join(folder, 'node_modules/cutover-provider-flags')

it('brings a zod of its own', () => {
  const versions = ['cutover', 'cutover-provider-flags'].map((name) => {
    const zod = createRequire(join(folder, 'node_modules', name, 'package.json')).resolve('zod/package.json')
    return (JSON.parse(readFileSync(zod, 'utf8')) as { version: string }).version
  })
  expect(new Set(versions).size).toBe(2)
})

describe.each(nodes)('on Node $major', ({ node, major }) => {
  let temporal: Temporal
  let service: Flags
  let program: Program
  let workers: OwnWorkers
  const runbook = join(folder, `flags-${major}.yaml`)
  const env = () => ({
    CUTOVER_PROVIDERS: 'cutover-provider-flags',
    TEMPORAL_ADDRESS: temporal.address,
    CUTOVER_METRICS_ADDRESS: 'off',
  })

  beforeAll(async () => {
    const loaded = (await import(pathToFileURL(join(example, 'flag-service.js')).href)) as {
      TOKEN: string
      startFlagService(flags: Flags['flags']): Promise<Flags>
    }
    temporal = await startTemporal()
    service = await loaded.startFlagService({ orders: { old: 100, new: 0, by: 'ana' } })
    const text = readFileSync(join(example, 'runbook.yaml'), 'utf8')
    writeFileSync(runbook, text.replace(/http:\/\/\S+/, service.url))
    program = programIn(folder, node)
    workers = program.stay(['worker'])
    const worker = workers.start({ ...program.env, ...env(), FLAGS_TOKEN: loaded.TOKEN })
    await worker.wrote(/serving cutover/)
  })
  afterAll(async () => {
    await workers?.end()
    await service?.end()
    await temporal?.server.close()
  })

  it('is known to the CLI by CUTOVER_PROVIDERS alone', async () => {
    const known = await program.run(['validate', runbook], env())
    expect(known).toMatchObject({ code: 0, stdout: expect.stringContaining('is valid: orders-by-flag') })
    const unknown = await program.run(['validate', runbook])
    expect(unknown).toMatchObject({ code: 2, stdout: expect.stringContaining('there is no such provider') })
    writeFileSync(
      join(folder, 'typo.yaml'),
      readFileSync(runbook, 'utf8').replace('flag: orders', 'flag: ORDERS'),
    )
    const wrong = await program.run(['validate', join(folder, 'typo.yaml')], env())
    expect(wrong).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('small letters, digits and dashes'),
    })
  })

  it('moves the world forward, started and watched by a program', async () => {
    writeFileSync(join(folder, 'move.js'), MOVE)
    const moved = await program.node(['move.js', runbook], env())
    expect(moved, moved.stderr).toMatchObject({ code: 0 })
    expect(JSON.parse(moved.stdout)).toMatchObject({ planned: 'orders-by-flag', outcome: 'completed' })
    expect(service.flags['orders']).toEqual({ old: 0, new: 100, by: 'cutover' })
  })

  it('and back, when the program says so', async () => {
    service.flags['orders'] = { old: 100, new: 0, by: 'ana' }
    writeFileSync(join(folder, 'back.js'), BACK)
    const slow = readFileSync(runbook, 'utf8').replace('hold: 1s', 'hold: 10m')
    writeFileSync(join(folder, 'slow.yaml'), slow)
    const back = await program.node(['back.js', join(folder, 'slow.yaml')], env())
    expect(back, back.stderr).toMatchObject({ code: 0 })
    expect(JSON.parse(back.stdout)).toMatchObject({ outcome: 'restored', reason: { kind: 'abort' } })
    expect(service.flags['orders']).toMatchObject({ old: 100, new: 0 })
  })

  it('keeps the contract of its port', async () => {
    expect(readdirSync(join(folder, 'held'))).toContain('flags.test.js')
    const vitest = join(folder, 'node_modules/vitest/vitest.mjs')
    const report = join(folder, `held-${major}.json`)
    const words = ['run', '--root', join(folder, 'held'), '--reporter=json', `--outputFile.json=${report}`]
    const held = await program.node([vitest, ...words])
    expect(held, `${held.stdout}${held.stderr}`).toMatchObject({ code: 0 })
    const { numPassedTests } = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number }
    expect(numPassedTests).toBeGreaterThan(10)
  })
})

const MOVE = `import { connect } from 'cutover'
const cutover = await connect({ as: 'ci' })
const [file] = process.argv.slice(2)
const { digest, service, problems } = await cutover.plan(file)
if (problems.length > 0) throw new Error(JSON.stringify(problems))
const { runId } = await cutover.start(file, { digest })
let last
for await (const view of cutover.watch(service, { runId })) last = view
console.log(JSON.stringify({ planned: service, outcome: last.outcome }))
await cutover.close()
`

const BACK = `import { connect } from 'cutover'
const cutover = await connect({ as: 'ci' })
const { runId } = await cutover.start(process.argv[2])
let last
let isSaid = false
for await (const view of cutover.watch('orders-by-flag', { runId })) {
  last = view
  if (isSaid || view.weights?.new !== 25) continue
  isSaid = true
  await cutover.decide('orders-by-flag', { verdict: 'abort', reason: 'enough seen' })
}
console.log(JSON.stringify({ outcome: last.outcome, reason: last.reason }))
await cutover.close()
`
