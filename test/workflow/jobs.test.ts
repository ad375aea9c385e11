// Long work of a step, on real requests: done to its end through ten killed workers and a pause, over with an abort or a breach.
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadWorkflowBundle } from '../../worker/bundle.ts'
import { type HttpServer, startHttpServer } from '../contract/http-server.ts'
import { eventually, openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { frame } from './runbooks.ts'
import { startWorkerProcess } from './worker-process.ts'
import type { WorkerProcess } from './worker-process.ts'

type Names = { service: string; world: string }

const TEST_MS = 300_000
const ROUNDS = 120
const PER_SECOND = 8 // 15 s of work
const KILLS = 10
const DONE_AGAIN_MAX = PER_SECOND * 2 // between two heartbeats that reach the server

let pages: HttpServer
beforeEach(async () => {
  pages = await startHttpServer(() => ({ body: 'warm' }))
})
afterEach(() => pages.end())

/** A share of the users first, so that guards of the new side are watched while it is warmed. */
const warming = (names: Names): string =>
  `${frame(names)}steps:
  - canary: { connection: edge, weights: [10%], hold: 100ms, good: 1 in a row, samples: 0 }
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, warm: { urls: ["${pages.url}/page"], rate: ${PER_SECOND}/s, rounds: ${ROUNDS} } }
`

const requested = (count: number) =>
  eventually(`${count} requests`, async () => pages.received.length >= count)

describe('with a worker that lives', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await openBench()
  })
  afterAll(() => bench.close())

  test(
    'a pause stops it, and it goes on where it was',
    async () => {
      const run = await bench.begin(warming)
      await requested(10)
      await run.decide({ verdict: 'pause', actor: 'ana', reason: 'the database is slow' })
      await run.until('pauses', ({ phase }) => phase === 'waiting')
      const count = pages.received.length
      await pause(2_000)
      expect(pages.received.length).toBe(count)
      expect((await run.state()).paused).toMatchObject({ actor: 'ana', reason: 'the database is slow' })
      await run.decide({ verdict: 'resume', actor: 'raj', reason: 'it is not' })
      expect((await run.ended()).outcome).toBe('completed')
      expect(pages.received).toHaveLength(ROUNDS)
      const { steps, paused } = await run.state()
      expect(paused).toBeNull()
      expect(steps[1]?.notes.join()).toContain(`warmed with ${ROUNDS} requests, 0 failed`)
    },
    TEST_MS,
  )

  test(
    'an abort ends it before everything is said to be back',
    async () => {
      const run = await bench.begin(warming)
      await requested(10)
      await run.abort()
      expect((await run.ended()).outcome).toBe('restored')
      const count = pages.received.length
      await pause(2_000)
      expect(pages.received.length).toBe(count)
      expect(count).toBeLessThan(ROUNDS)
      expect(run.world.snapshot()).toBe(run.before)
    },
    TEST_MS,
  )

  test(
    'guards are watched meanwhile: a breach sends the run back',
    async () => {
      const run = await bench.begin(warming)
      await requested(10)
      run.world.set({ new: { errorRatio: 0.5 } })
      expect((await run.ended()).outcome).toBe('restored')
      expect((await run.state()).reason).toMatchObject({ kind: 'breach', subject: 'errors' })
      expect(pages.received.length).toBeLessThan(ROUNDS)
      expect(run.world.snapshot()).toBe(run.before)
    },
    TEST_MS,
  )
})

describe('with workers that die', () => {
  let bench: Bench
  let worker: WorkerProcess
  let codePath = ''
  const start = () =>
    startWorkerProcess({
      address: bench.env.address,
      namespace: bench.env.namespace ?? 'default',
      codePath,
    })
  beforeAll(async () => {
    bench = await openBench({ worker: false })
    const bundle = await loadWorkflowBundle()
    codePath = 'codePath' in bundle ? bundle.codePath : ''
    worker = await start()
  })
  afterAll(async () => {
    await worker.kill()
    await bench.close()
  })

  test(
    'kill -9 at ten points costs what was done since the last heartbeat, and no more',
    async () => {
      const run = await bench.begin(warming)
      for (let kill = 1; kill <= KILLS; kill++) {
        await requested(Math.floor((kill * ROUNDS) / (KILLS + 1)))
        await worker.kill()
        worker = await start()
      }
      expect((await run.ended()).outcome).toBe('completed')
      expect(pages.received.length).toBeGreaterThanOrEqual(ROUNDS)
      expect(pages.received.length).toBeLessThanOrEqual(ROUNDS + KILLS * DONE_AGAIN_MAX)
    },
    TEST_MS,
  )
})
