// Instances: never taken away under the users that are on them, and an autoscaler's to change.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Json } from '../../workflows/json.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame, held, scaled } from './runbooks.ts'

const RECORD = 'api.example.com. A'
const QUICK = 'guards: [], unwatched: tried without guards, hold: 0ms, good: 1 in a row'
const warm = (factor: number) =>
  `  - prewarm: { connection: fleet, factor: ${factor}, ready_within: 20s, guards: [] }\n`
const ASK = '  - approve: { guards: [], expires: 5m }\n'
const SHARE = `  - canary: { connection: edge, weights: [50%], samples: 0, ${QUICK} }\n`
const NAME = `  - repoint: { connection: zone, records: { "${RECORD}": [192.0.2.20] }, margin: 0ms, resolvers: [], within: 20s, ${QUICK} }\n`

type Names = Parameters<typeof frame>[0]
const runbook =
  (...steps: string[]) =>
  (names: Names) =>
    `${frame(names)}steps:\n${steps.join('')}`

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const instances = ({ world }: Run) =>
  (JSON.parse(world.snapshot()) as { [key: string]: { count: number } })['capacity new']?.count
const autoscaler = ({ world }: Run, count: number, of: { target?: string; floor?: number } = {}) => {
  const { target = 'new', ...floor } = of
  world.stranger({ port: 'capacity', target, value: { count, ...floor }, by: 'hpa', as: 'machine' })
}

const capacity = ({ world }: Run, side: string) =>
  (JSON.parse(world.snapshot()) as { [key: string]: Json })[`capacity ${side}`]

/** Of the writes since the run turned back: the last one that led users, and the first one that took instances away. */
function wayBack({ world }: Run, from: number): { users: number; instances: number } {
  const writes = world.landed().slice(from)
  return {
    users: writes.findLast(({ port }) => port !== 'capacity')?.at ?? NaN,
    instances: writes.find(({ port }) => port === 'capacity')?.at ?? NaN,
  }
}

// Traffic and names that were changed before the instances were: whichever, and in whichever order, instances go last.
test.each([
  ['traffic', [warm(0.6), SHARE, warm(1)], 50],
  ['a name', [warm(0.6), NAME, warm(1)], 2_000],
  ['traffic and a name', [SHARE, NAME, warm(1)], 2_000],
])(
  '%s changed before a second prewarm: instances go after it, and after its drain',
  async (_, steps, drainMs) => {
    const run = await bench.begin(runbook(...steps, ASK))
    await run.gate('approval')
    expect(instances(run)).toBe(3)
    const from = run.world.landed().length
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
    const back = wayBack(run, from)
    expect(back.instances - back.users).toBeGreaterThanOrEqual(drainMs)
  },
)

test('users who are led back during the drain are drained anew before their instances go', async () => {
  const DRAIN_MS = 3_000
  const slow = (names: Names) =>
    runbook(warm(1), SHARE, ASK)(names).replace('drain: 50ms', `drain: ${DRAIN_MS}ms`)
  const run = await bench.begin(slow)
  await run.gate('approval')
  const from = run.world.landed().length
  await run.abort()
  await run.until('traffic is back', ({ weights }) => weights['edge']?.new === 0)
  const stranger = (value: { old: number; new: number }) =>
    run.world.stranger({ port: 'traffic', target: 'edge split', value, by: 'mallory' })
  stranger({ old: 61, new: 39 })
  const { id } = await run.gate('restore')
  expect(instances(run), 'nobody takes them away under the users').toBe(3)
  stranger({ old: 100, new: 0 })
  await run.decide({ verdict: 'retry', gate: id })
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  const back = wayBack(run, from)
  expect(back.instances - back.users).toBeGreaterThanOrEqual(DRAIN_MS)
})

test.each([
  ['traffic', 'traffic', [warm(0.6), SHARE, warm(1)]],
  ['a name', 'dns', [warm(0.6), NAME, warm(1)]],
] as const)('while %s cannot be restored no instance goes', async (_, port, steps) => {
  const run = await bench.begin(runbook(...steps, ASK))
  await run.gate('approval')
  const trouble = run.world.script([
    { when: { port, verb: 'write', call: 'every' }, fault: { kind: 'Unavailable' } },
  ])
  await run.abort()
  await run.gate('restore')
  expect(instances(run)).toBe(3)
  trouble.end()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
})

test('older traffic and older names are back at once, whatever the instances in between wait for', async () => {
  const two = (names: Names) =>
    runbook(
      SHARE,
      NAME,
      warm(1),
      SHARE.replace('edge', 'west'),
      ASK,
    )(names)
      .replace(
        'connections:\n',
        `connections:\n  west: { provider: traffic/sim, world: ${names.world}, balancer: west }\n`,
      )
      .replace('drain: 50ms', 'drain: 5m')
  const run = await bench.begin(two)
  await run.gate('approval')
  await run.abort()
  const isBack = ({ target }: { target: string }) => target !== 'new'
  const { restorations } = await run.until(
    'leads users back',
    ({ restorations: all }) =>
      all.length > 0 && all.filter(isBack).every(({ status }) => status === 'restored'),
  )
  expect(restorations.filter(isBack)).toHaveLength(3)
  expect(instances(run), 'the drain of five minutes is not over').toBe(3)
  await run.handle.terminate('its drain is of no further interest')
})

test('a prewarm takes no instances away: those that are there may have users', async () => {
  const run = await bench.begin(runbook(SHARE, warm(1)), {
    prepare: (world) => world.stranger({ port: 'capacity', target: 'new', value: { count: 6 }, by: 'ana' }),
  })
  expect((await run.ended()).outcome).toBe('completed')
  expect(instances(run)).toBe(6)
  expect(run.world.landed().filter(({ by, port }) => port === 'capacity' && by === 'cutover')).toEqual([])
})

test('an autoscaler that adds instances while a run waits: nobody is asked, and completed says so', async () => {
  const run = await bench.begin(runbook(warm(1), ASK))
  const { id } = await run.gate('approval')
  autoscaler(run, 9)
  await run.decide({ verdict: 'approve', gate: id })
  expect((await run.ended()).outcome).toBe('completed')
  expect(instances(run)).toBe(9)
})

test('instances that an autoscaler added are taken away with the others when the run goes back', async () => {
  const run = await bench.begin(runbook(warm(1), ASK))
  await run.gate('approval')
  autoscaler(run, 9)
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
})

test('instances that a person has set are not written over on the way back: that person is named, and somebody is asked', async () => {
  const run = await bench.begin(runbook(warm(1), ASK))
  await run.gate('approval')
  run.world.stranger({ port: 'capacity', target: 'new', value: { count: 9 }, by: 'raj', as: 'person' })
  await run.abort()
  const { id, waitsFor } = await run.gate('restore')
  expect(waitsFor).toContain('raj')
  expect(instances(run)).toBe(9)
  await run.decide({ verdict: 'skip', gate: id })
  const { outcome, remainder } = await run.ended()
  expect(outcome).toBe('completed-with-remainder')
  expect(remainder).toMatchObject([{ connection: 'fleet', target: 'new' }])
  expect(instances(run)).toBe(9)
})

test('scaled in while people were being asked: no larger share before the instances are ready again', async () => {
  const whole = `  - switch: { connection: edge, samples: 0, ${QUICK} }\n`
  const patient = warm(1).replace('20s', '5m') // nobody is to be asked, however slow this machine is
  const run = await bench.begin(runbook(patient, ASK, whole))
  const { id } = await run.gate('approval')
  autoscaler(run, 1)
  await run.decide({ verdict: 'approve', gate: id })
  await run.until('waits for instances', ({ holding, gates }) => holding !== null && gates.length === 0)
  expect(run.world.landed().filter(({ port }) => port === 'traffic')).toEqual([])
  autoscaler(run, 3)
  expect((await run.ended()).outcome).toBe('completed')
})

test('as many as wanted are there already, brought by an autoscaler: its floor holds them until users come', async () => {
  const run = await bench.begin((names) => `${scaled(names, 'old: 3, new: 5')}steps:\n${warm(1)}${ASK}`)
  await run.gate('approval')
  expect(capacity(run, 'new')).toEqual({ count: 5, floor: 5 })
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
})

test('the floor of an autoscaler that somebody lowers is not what was ordered: the run does not go on to its users', async () => {
  const run = await bench.begin((names) => `${scaled(names, 'old: 3, new: 1')}steps:\n${warm(1)}${ASK}`)
  const { id } = await run.gate('approval')
  autoscaler(run, 3, { floor: 1 })
  await run.decide({ verdict: 'approve', gate: id })
  expect((await run.gate()).waitsFor).toContain('floor')
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
})

test('the old side is held while its users are away; what its autoscaler adds as they come back is left to them', async () => {
  const run = await bench.begin(held)
  await run.gate('approval')
  expect(capacity(run, 'old')).toEqual({ count: 3, floor: 3 })
  autoscaler(run, 5, { target: 'old', floor: 3 })
  const from = run.world.landed().length
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(capacity(run, 'old')).toEqual({ count: 5, floor: 1 })
  const [fresh, old] = ['new', 'old'].map((side) =>
    run.world
      .landed()
      .slice(from)
      .find(({ port, target }) => port === 'capacity' && target === side),
  )
  const behind = (old?.at ?? NaN) - (fresh?.at ?? NaN) // both behind the same drain
  expect(behind, 'its autoscaler has noticed its users').toBeGreaterThanOrEqual(500)
})
