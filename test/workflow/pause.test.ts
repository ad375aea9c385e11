// A paused run begins nothing new: the hold in progress is held on and guards stay watched, and the next change waits for a person.
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }

const TEST_MS = 120_000
const LONGER_MS = 2_000 // than the hold that is in progress when the run is paused

const canary = (names: Names): string =>
  `${frame(names)}steps:
  - canary: { connection: edge, weights: [10%, 50%], hold: 500ms, good: 1 in a row, samples: 0 }
`

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const weights = ({ world }: Run) =>
  world.landed().flatMap(({ port, value }) => (port === 'traffic' ? [(value as { new: number }).new] : []))

async function pausedAtTenPercent(): Promise<Run> {
  const run = await bench.begin(canary)
  await run.until('holds', (state) => state.holding !== null)
  await run.decide({ verdict: 'pause', actor: 'ana' })
  await run.until('waits', ({ phase }) => phase === 'waiting')
  await pause(LONGER_MS)
  expect(weights(run)).toEqual([10])
  return run
}

test(
  'nothing is changed until it is resumed, and then it goes on',
  async () => {
    const run = await pausedAtTenPercent()
    await run.decide({ verdict: 'resume', actor: 'raj' })
    expect((await run.ended()).outcome).toBe('completed')
    expect(weights(run)).toEqual([10, 50])
  },
  TEST_MS,
)

test(
  'an abort, or a breach of its guards, sends it back all the same',
  async () => {
    const [aborted, failing] = await Promise.all([pausedAtTenPercent(), pausedAtTenPercent()])
    await aborted.abort()
    failing.world.set({ new: { errorRatio: 0.5 } })
    for (const run of [aborted, failing]) {
      expect((await run.ended()).outcome).toBe('restored')
      expect(run.world.snapshot()).toBe(run.before)
    }
    expect((await failing.state()).reason).toMatchObject({ kind: 'breach', subject: 'errors' })
  },
  TEST_MS,
)

async function staysPausedBehindItsAnswer(run: Run): Promise<void> {
  const { id } = await run.gate('drift')
  await run.decide({ verdict: 'pause', actor: 'raj' })
  await run.decide({ verdict: 'approve', gate: id, actor: 'ana' })
  await run.until('waits', ({ phase, gates }) => phase === 'waiting' && gates.length === 0)
  await pause(LONGER_MS)
  expect(weights(run), 'what mallory wrote').toEqual([5])
  await run.decide({ verdict: 'resume', actor: 'raj' })
  expect((await run.ended()).outcome).toBe('completed')
  expect(weights(run)).toEqual([5, 10, 50])
}

test(
  'while people are asked about what was found, their answer changes nothing before it is resumed',
  async () => {
    const run = await bench.begin(canary, {
      found: true,
      prepare: (world) =>
        void world.stranger({
          port: 'traffic',
          target: 'edge split',
          value: { old: 95, new: 5 },
          by: 'mallory',
          as: 'person',
        }),
    })
    await staysPausedBehindItsAnswer(run)
  },
  TEST_MS,
)

test(
  'while people are asked about what somebody else wrote over it, their answer changes nothing before it is resumed',
  async () => {
    const run = await bench.begin(canary, {
      prepare: (world) =>
        void world.script([
          {
            when: { port: 'traffic', verb: 'write', call: 1 },
            fault: { foreign: { old: 95, new: 5 }, by: 'mallory', moment: 'before' },
          },
        ]),
    })
    await staysPausedBehindItsAnswer(run)
  },
  TEST_MS,
)
