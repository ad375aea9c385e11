// Names that move: what caches may still hold of the old answer is waited for before anything that follows, and until then the old
// side counts as served. Waits are told by the world: by its clock, the next write comes after the last user has moved.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { approve } from '../../workflows/messages.ts'
import { eventually, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

const RECORD = 'api.example.com. A'
const ALIAS = 'www.example.com. CNAME'
const QUICK = 'hold: 0ms, good: 1 in a row, guards: [], unwatched: tried without guards'
const NEGATIVE_TTL_MS = 5_000 // of the simulated world

type Names = Parameters<typeof frame>[0]

/** A name alone leads users; behind it comes a step that writes. */
function moving(records: string, more = ''): (names: Names) => string {
  return (
    names,
  ) => `${frame(names).replace(`records: { "${RECORD}": { ttl: 2, values: [192.0.2.10] } }`, records)}steps:
  - repoint: { connection: zone, margin: 0ms, resolvers: [], within: 20s, ${QUICK}, ${more} }
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }
`
}

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ dynamicConfig: ['limit.historyCount.suggestContinueAsNew=60'] })
})
afterAll(() => bench.close())

/** From the write of the name to the write of the step behind it. */
function waited({ world }: Run): number {
  const at = (wanted: string) => world.landed().find(({ port }) => port === wanted)?.at ?? NaN
  return at('capacity') - at('dns')
}

test.each([
  {
    what: 'the TTL of a record that no ttl step has lowered',
    records: `records: { "${RECORD}": { ttl: 4, values: [192.0.2.10] } }`,
    step: `records: { "${RECORD}": [192.0.2.20] }`,
    ms: 4_000,
  },
  {
    what: 'the longest TTL of several records',
    records: `records: { "${RECORD}": { ttl: 1, values: [192.0.2.10] }, "web.example.com. A": { ttl: 4, values: [192.0.2.10] } }`,
    step: `records: { "${RECORD}": [192.0.2.20], "web.example.com. A": [192.0.2.20] }`,
    ms: 4_000,
  },
  {
    what: 'the longest TTL of the chain behind an alias',
    records: `records: { "${RECORD}": { ttl: 4, values: [192.0.2.10] }, "edge.example.com. A": { ttl: 1, values: [192.0.2.20] }, "${ALIAS}": { ttl: 1, values: [api.example.com.] } }`,
    step: `records: { "${ALIAS}": [edge.example.com.] }`,
    ms: 4_000,
  },
  {
    what: 'the time for which resolvers believe that there is no such name',
    records: `records: { "${RECORD}": { ttl: 1, values: [192.0.2.10] } }`,
    step: 'create: true, records: { "web.example.com. A": [192.0.2.20] }',
    ms: NEGATIVE_TTL_MS,
  },
])('$what is waited out before the next step', async ({ records, step, ms }) => {
  const run = await bench.begin(moving(records, step))
  expect((await run.ended()).outcome).toBe('completed')
  expect(waited(run)).toBeGreaterThanOrEqual(ms)
})

test('until then the old side is served, and its users are where they were', async () => {
  const run = await bench.begin(
    moving(
      `records: { "${RECORD}": { ttl: 6, values: [192.0.2.10] } }`,
      `records: { "${RECORD}": [192.0.2.20] }`,
    ),
  )
  const { serving } = await run.until(
    'waits',
    ({ holding }) => holding?.title.includes('old answers') === true,
  )
  expect(serving.all).toEqual({ old: true, new: true })
  const after = await run.until('goes on', ({ steps }) => steps[0]?.status === 'done')
  expect(after.serving.all).toEqual({ old: false, new: true })
  expect(run.world.arrivals(RECORD)).toEqual({ '192.0.2.20': 1 })
  expect((await run.ended()).outcome).toBe('completed')
})

test('a record that is seen late is given its time from when the old answer has run out', async () => {
  const slow = '198.51.100.9'
  const run = await bench.begin((names) =>
    moving(
      `records: { "${RECORD}": { ttl: 6, values: [192.0.2.10] } }\n    resolvers: { "${slow}": { min_ttl: 7s } }`,
      `records: { "${RECORD}": [192.0.2.20] }`,
    )(names).replace('resolvers: [], within: 20s', `resolvers: ["${slow}"], within: 4s`),
  )
  expect((await run.ended()).outcome).toBe('completed')
})

test('a new history in the midst of it waits on for what was there before the change', async () => {
  const run = await bench.begin(
    moving(
      `records: { "${RECORD}": { ttl: 1, values: [192.0.2.10] } }`,
      'create: true, records: { "web.example.com. A": [192.0.2.20] }',
    ),
  )
  await run.until('waits', ({ holding }) => holding !== null)
  const latest = bench.env.client.workflow.getHandle(run.handle.workflowId)
  const first = run.handle.firstExecutionRunId
  await eventually('begins a new history', async () => {
    for (let number = 0; number < 20; number++)
      await latest.signal(approve, { actor: `bot-${number}`, gate: 'nonsense' })
    return (await latest.describe()).runId !== first
  })
  expect((await run.ended()).outcome).toBe('completed')
  expect(waited(run)).toBeGreaterThanOrEqual(NEGATIVE_TTL_MS)
})

test('the wait is watched: evidence that is lost in it is asked about until it is back, and time alone ends it', async () => {
  const run = await bench.begin((names) =>
    moving(
      `records: { "${RECORD}": { ttl: 8, values: [192.0.2.10] } }`,
      `records: { "${RECORD}": [192.0.2.20] }`,
    )(names).replace('guards: [], unwatched: tried without guards', 'extend_max: 20s'),
  )
  await run.until('waits', ({ holding }) => holding?.title.includes('old answers') === true)
  const outage = run.world.outage('metrics')
  const { id } = await run.gate('evidence')
  const asked = run.world.calls({ port: 'metrics' }).length
  await eventually('looks on', () => run.world.calls({ port: 'metrics' }).length > asked + 6)
  const { gates, holding } = await run.state()
  expect(gates.map((gate) => gate.id)).toEqual([id])
  expect(holding?.waitsFor).not.toContain('good checks')
  outage.end()
  expect((await run.ended()).outcome).toBe('completed')
  expect(waited(run)).toBeGreaterThanOrEqual(8_000)
})
