// All the way there: the example with every kind of step, from the plan that people review to the report that they keep.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunView } from '../../view/model.ts'
import type { Report } from '../../view/report.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import type { Runbook } from '../../lab/stage/runbook.ts'
import { approveWhenAsked, begin, statusOf, underLoad } from './scene.ts'

const TEST_MS = 180_000 // a minute of steps, on two busy cores
const WRONG = '0'.repeat(64)

type Previewed = {
  digest: string
  service: string
  steps: {
    id: string
    kind: string
    title: string
    reversible: boolean
    changes: { connection: string; target: string; before: unknown; desired: unknown }[]
  }[]
}

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

describe('orders.yaml', () => {
  it(
    'moves everything under load, bound to the reviewed plan, and refuses to turn round after its last step back',
    async () => {
      const file = stage.runbook('orders', { service: 'orders', hold: '3s', edit: withAfterthought })
      const plan = await reviewed(file)
      await underLoad(
        { name: 'orders.yaml, forward', target: { url: stage.lab.addresses.envoy.url } },
        async () => {
          const run = begin(stage, file, ['--plan', plan.digest])
          await approveWhenAsked(stage, run, { service: 'orders', kind: 'approve', people: ['ana', 'raj'] })
          await run.line(/-> percent 20/)
          await approveWhenAsked(stage, run, { service: 'orders', kind: 'decommission', people: ['raj'] })
          await run.line(/point of no return: /)
          await refusedTooLate()
          const { code, stdout } = await run.ended
          expect({ code, last: stdout.trim().split('\n').at(-1) }).toMatchObject({
            code: 0,
            last: expect.stringContaining('completed'),
          })
        },
      )
      await expectMoved()
      await expectReport(plan)
    },
    TEST_MS,
  )
})

/** After the point of no return there must be something left to abort. */
function withAfterthought(runbook: Runbook): void {
  runbook.steps.push({ hold: { title: 'Look back', for: '6s' } })
}

/** What people see before: online with live values; a start with another digest is refused and starts nothing. */
async function reviewed(file: string): Promise<Previewed> {
  const { cli, start, lab } = stage
  const plan = await cli.json<Previewed>(['plan', file])
  expect(plan.service).toBe('orders')
  expect(plan.digest).toMatch(/^[0-9a-f]{64}$/)
  const changesOf = (kind: string) => plan.steps.find((step) => step.kind === kind)?.changes
  expect(changesOf('canary')).toMatchObject([
    { connection: 'edge', target: 'split', before: { old: 100, new: 0 }, desired: { old: 95, new: 5 } },
    { before: { old: 95, new: 5 }, desired: { old: 75, new: 25 } },
    { before: { old: 75, new: 25 }, desired: { old: 50, new: 50 } },
  ])
  expect(changesOf('ttl')).toMatchObject([{ before: start.bind, desired: { ...start.bind, ttl: 2 } }])
  expect(changesOf('repoint')).toMatchObject([{ desired: { values: [lab.addresses.haproxy.entries.new] } }])
  expect(changesOf('prewarm')).toMatchObject([{ target: 'new', before: { count: 1 }, desired: { count: 6 } }])
  expect(plan.steps.filter(({ reversible }) => !reversible).map(({ kind }) => kind)).toEqual(['decommission'])

  const refused = await cli.run(['start', file, '--yes', '--plan', WRONG])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain(`resolves to ${plan.digest.slice(0, 12)} now`)
  expect(await cli.run(['start', file, '--yes', '--plan', plan.digest.slice(0, 4)])).toMatchObject({
    code: 2,
  })
  expect(await cli.run(['status', 'orders'])).toMatchObject({ code: 1, stdout: '' })
  return plan
}

async function refusedTooLate(): Promise<void> {
  const said = await stage.cli.run(['abort', 'orders', '--reason', 'second thoughts', '--as', 'ana'])
  expect(said.code).toBe(1)
  expect(said.stderr).toMatch(/too late to abort: s\d+-decommission has passed the point of no return/)
  expect(said.stderr).toContain('cannot take traffic back')
  const { pointOfNoReturn, outcome } = await statusOf(stage, 'orders')
  expect({ outcome, step: pointOfNoReturn?.step }).toEqual({
    outcome: null,
    step: expect.stringMatching(/decommission/),
  })
}

async function expectMoved(): Promise<void> {
  const { start, lab } = stage
  expect(await stage.look()).toEqual({
    ...start,
    envoy: { old: 0, new: 100, mirror: 0 },
    bind: { ttl: start.bind.ttl, values: [lab.addresses.haproxy.entries.new] },
    capacity: { old: 0, new: 2 * start.capacity.old },
  })
  const view = await statusOf(stage, 'orders')
  expect(view.outcome).toBe('completed')
  expect(view.steps.map(({ status }) => status)).toEqual(view.steps.map(() => 'done'))
  expect(view.changes.every(({ verified }) => verified)).toBe(true)
  expect(view.decisions.filter(({ accepted }) => accepted).map(({ actor }) => actor)).toEqual([
    'ana',
    'raj',
    'raj',
  ])
  const told = stage.channel.told.map(({ title }) => title)
  expect(told).toContain('orders: completed')
  expect(told).toContain('Ready to move users')
}

async function expectReport(plan: Previewed): Promise<void> {
  const folder = dirname(stage.write('report.txt', ''))
  const said = await stage.cli.run(['report', 'orders', '--out', `${folder}/report.html`])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  const page = readFileSync(join(folder, 'report.html'), 'utf8')
  expect(page).toMatch(/^<!doctype html>/i)
  expect(page).not.toMatch(/(src|href)="https?:/) // self-contained
  for (const { title } of plan.steps) expect(page).toContain(title.replaceAll('"', '&quot;'))
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report
  expect(report.run.digest).toBe(plan.digest)
  expect(report.run.outcome).toBe('completed' satisfies RunView['outcome'])
  expect(report.steps.map(({ id }) => id)).toEqual(plan.steps.map(({ id }) => id))
  expect(report.steps.every(({ actual }) => actual.tookMs !== null)).toBe(true)
  expect(report.guards.find(({ subject }) => subject === 'errors')?.readings.length).toBeGreaterThan(3)
}
