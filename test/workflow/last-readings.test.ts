// What a watch had read is in its heartbeat, which ends with it: a run that goes back keeps the newest of it, at no cost to the way back.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isCut } from '../../view/report.ts'
import { attributesOf } from '../replay/history.ts'
import type { RecordedEvent } from '../replay/history.ts'
import { eventually, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { brief } from './runbooks.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const TEST_MS = 120_000

type Names = { service: string; world: string }
const several = (names: Names): string => brief(names, { hold: '10m' })
const trafficAlone = (names: Names): string => several(names).replace(/ {2}- prewarm.*\n/, '')

/** In the hold of the canary, when its guard was read a few times. */
async function readAFewTimes(runbook: (names: Names) => string): Promise<Run> {
  const run = await bench.begin(runbook)
  await run.until('holds at 10 %', ({ weights, phase }) => weights['edge']?.new === 10 && phase === 'holding')
  const asked = run.world.calls({ port: 'metrics' }).length
  await eventually('its guard was read', () => run.world.calls({ port: 'metrics' }).length > asked + 6)
  return run
}

async function recalls(run: Run): Promise<string[]> {
  const { events = [] } = await run.handle.fetchHistory()
  const told = JSON.parse(JSON.stringify(events)) as RecordedEvent[]
  return told.flatMap((event) => {
    const { activityType } = attributesOf(event) as { activityType?: { name?: string } }
    return activityType?.name === 'recall' ? ['activity'] : []
  })
}

test.each([
  ['instances go back behind it: the watch is ended meanwhile', several, ['activity']],
  ['traffic alone goes back: what is read costs no task of its own', trafficAlone, []],
])(
  'an abort in a hold keeps what was read last, up to it: %s',
  { timeout: TEST_MS },
  async (_, runbook, expected) => {
    const run = await readAFewTimes(runbook)
    await run.abort('enough')
    expect((await run.ended()).outcome).toBe('restored')
    expect(run.world.snapshot()).toBe(run.before)
    const state = await run.state()
    expect(isCut(state, 'errors')).toBe(true)
    const read = state.steps.flatMap(({ id, readings }) =>
      (readings['errors'] ?? []).map((reading) => ({ ...reading, step: id })),
    )
    expect(read.length).toBeGreaterThan(1)
    expect(read.length).toBeLessThanOrEqual(5)
    const until = new Date(state.reason?.at ?? 0).toISOString()
    for (const { at, step } of read) {
      expect(at <= until, `${at} is not after ${until}`).toBe(true)
      expect(step).toMatch(/-canary$/)
    }
    expect(await recalls(run)).toEqual(expected)
  },
)

test('a run that goes through asks for nothing', { timeout: TEST_MS }, async () => {
  const through = await bench.begin((names) => brief(names))
  expect((await through.ended()).outcome).toBe('completed')
  expect(await recalls(through)).toEqual([])
})
