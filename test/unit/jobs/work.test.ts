// Long work piece by piece: warmed URLs, taken up where another attempt ended, ended when asked, held back by guards.
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createActivities } from '../../../activities/engine.ts'
import { createSpeedometer, pauseMs } from '../../../activities/jobs/pace.ts'
import { forgetWorld } from '../../../activities/sim/world.ts'
import type { JobInput, JobMemory } from '../../../workflows/activities.ts'
import { guardSubject } from '../../../workflows/watched/guard.ts'
import type { Subject } from '../../../workflows/watched/index.ts'
import { testDeps } from '../../contract/deps.ts'
import { type HttpServer, startHttpServer } from '../../contract/http-server.ts'
import { guardOf, prom } from '../watch/subjects.ts'

const WORLD = 'jobs'
let server: HttpServer

beforeEach(async () => {
  server = await startHttpServer(({ path }) => ({ status: path === '/bad' ? 500 : 200, body: 'warm' }))
})
afterEach(async () => {
  forgetWorld(WORLD)
  await server.end()
})

const paths = () => server.received.map(({ path }) => path)

const inputOf = (more: Partial<JobInput> = {}): JobInput => ({
  name: 's01-prewarm/warm',
  title: 'warm 2 URLs',
  job: 'warm',
  spec: { urls: [`${server.url}/good`, `${server.url}/bad`], rounds: 2 },
  perSecond: 1_000,
  throttle: [],
  ...more,
})

function begin(input: JobInput, heartbeatDetails?: unknown) {
  const logger = new DefaultLogger('ERROR', () => {})
  const info = heartbeatDetails === undefined ? {} : { heartbeatDetails }
  const environment = new MockActivityEnvironment(info, { logger })
  const told: JobMemory[] = []
  environment.on('heartbeat', (details: { job: JobMemory }) => told.push(details.job))
  const { job } = createActivities({ deps: testDeps(), client: null as never })
  return { environment, told, running: environment.run(job as (input: JobInput) => Promise<unknown>, input) }
}

const memoryOf = (state: { requests: number; failed: number }): JobMemory => ({
  title: '',
  text: '',
  done: state.requests,
  total: 4,
  unit: 'requests',
  perSecond: null,
  leftMs: null,
  waiting: null,
  state,
})

const throttle = (): Subject =>
  guardSubject(
    guardOf({ query: 'error_ratio(old)', every: '50ms', max: '1%' }),
    { ...prom, config: { world: WORLD } },
    1,
  )

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a job', () => {
  it('does every piece, counts, and tells how far it is', async () => {
    const { running, told } = begin(inputOf())
    expect(await running).toMatchObject({
      isOver: true,
      memory: { done: 4, total: 4, state: { requests: 4, failed: 2 } },
    })
    expect(paths()).toEqual(['/good', '/bad', '/good', '/bad'])
    expect(told.map(({ done }) => done)).toEqual([1, 2, 3, 4])
    expect(told[1]?.text).toMatch(/^2 of 4 requests, [\d.]+\/s, \d+ms left$/)
  })

  it('goes on where an attempt that died has ended, or where a pause has left it', async () => {
    const reached = memoryOf({ requests: 3, failed: 1 })
    for (const begun of [
      begin(inputOf(), { name: 'x', job: reached }),
      begin(inputOf({ memory: { job: reached } })),
    ]) {
      expect(await begun.running).toMatchObject({ memory: { state: { requests: 4, failed: 2 } } })
    }
    expect(paths()).toEqual(['/bad', '/bad'])
  })

  it('answers how far it came when it is ended, and does nothing more', async () => {
    const { environment, running, told } = begin(inputOf({ perSecond: 2 }))
    await until(() => told.some(({ done }) => done > 0)) // a piece that is cut short counts for nothing
    environment.cancel()
    expect(await running).toMatchObject({ isOver: false, memory: { done: 1, state: { requests: 1 } } })
    expect(paths()).toHaveLength(1)
  })

  it('is left to another worker when this one shuts down', async () => {
    const { environment, running } = begin(inputOf({ perSecond: 2 }))
    await until(() => paths().length > 0)
    environment.cancel('WORKER_SHUTDOWN')
    await expect(running).rejects.toThrow()
  })

  it('waits while a guard is not good, and says so', async () => {
    const { environment, running, told } = begin(inputOf({ throttle: [throttle()] }))
    await until(() => told.some(({ waiting }) => waiting !== null))
    expect(paths()).toEqual([])
    expect(told.at(-1)?.text).toMatch(/^0 of 4 requests, waiting: errors unknown/)
    environment.cancel()
    expect(await running).toMatchObject({ isOver: false })
  })

  it('of another version is refused by name', async () => {
    const { running } = begin(inputOf({ job: 'backfill' as never }))
    await expect(running).rejects.toMatchObject({
      type: 'Unsupported',
      message: expect.stringMatching(/no job backfill, only warm/),
    })
  })
})

describe('pace', () => {
  it("leaves the rest of a piece's time, never less than nothing", () => {
    expect(pauseMs(10, { startedAt: 0, endedAt: 30 })).toBe(70)
    expect(pauseMs(10, { startedAt: 0, endedAt: 300 })).toBe(0)
    expect(pauseMs(null, { startedAt: 0, endedAt: 30 })).toBe(0)
  })

  it('is that of the last half minute', () => {
    const speed = createSpeedometer()
    expect(speed({ at: 0, done: 0, total: 100 })).toEqual({ perSecond: null, leftMs: null })
    expect(speed({ at: 10_000, done: 50, total: 100 })).toEqual({ perSecond: 5, leftMs: 10_000 })
    for (let at = 20_000; at <= 80_000; at += 10_000)
      speed({ at, done: 50 + (at - 10_000) / 10_000, total: 100 })
    expect(speed({ at: 90_000, done: 58, total: 100 }).perSecond).toBeCloseTo(0.1, 1)
  })
})
