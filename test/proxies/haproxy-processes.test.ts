// Several HAProxy processes on one port, as a list of connections: moved, brought back and moved again as one under 1,000 requests per
// second, each request counted by the process that served it; one killed in the middle; one that the list forgets.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { haproxy } from '../../activities/traffic/haproxy/index.ts'
import { type LoadReport, startLoad } from '../../lab/load.ts'
import { until } from '../../lab/until.ts'
import { type ChangingBench, connect, io } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import { type Pair, type Process, connectionTo, openPair, startProcess } from './haproxy-pair.ts'

const RATE = 1_000
const REPEAT_AFTER_MS = 100 // a process that is killed takes connections until its last socket is closed, and answers none of them
const SECONDS_MAX = 240
const RUN_MS = 240_000 // two runs with six proofs, on two busy cores
const SERVED_MIN = 500 // by each process, of each side: fewer would show nothing

let pair: Pair
beforeAll(async () => {
  pair = await openPair()
})
afterAll(() => pair?.end())

const all = (): Process[] => [pair.a, pair.b]
const weights = () => Promise.all(all().map((each) => each.weights()))
const OLD = { old: 100, new: 0 }
const NEW = { old: 0, new: 100 }

function connections(): { a: object; b: object } {
  const shared = (other: Process) => ({ url: `${pair.url}/cutover/process`, others: [other.socket] })
  return {
    a: connectionTo(pair.a, { shared: shared(pair.b) }),
    b: connectionTo(pair.b, { shared: shared(pair.a) }),
  }
}

async function underLoad(body: () => Promise<void>, repeatsReset = false): Promise<LoadReport> {
  const load = await startLoad({
    target: { url: pair.url },
    ratePerSecond: RATE,
    secondsMax: SECONDS_MAX,
    ...(repeatsReset ? { repeatsReset, repeatAfterMs: REPEAT_AFTER_MS } : {}),
  })
  try {
    await until('users are served', async () => (await load.read()).answered > RATE)
    await body()
  } finally {
    await load.stop()
  }
  return await load.stop()
}

const isHeld = (share: number) => (state: Awaited<ReturnType<Awaited<ReturnType<Pair['begin']>>['state']>>) =>
  state.holding !== null && ['a', 'b'].every((name) => state.weights[name]?.new === share)

describe('two HAProxy processes on one port', () => {
  it(
    'are moved, brought back and moved again as one: no request fails, and each process has served its part of every one',
    async () => {
      const before = await Promise.all(all().map((each) => each.served()))
      const { sent, failed, failures, skipped, sides } = await underLoad(async () => {
        const there = await pair.begin({ service: 'pair', hold: '1h', connections: connections() })
        await there.reaches('all users are held on the new side', isHeld(100))
        expect(await weights()).toEqual([NEW, NEW])
        await there.abort()
        expect(await there.outcome()).toBe('restored')
        expect(await weights()).toEqual([OLD, OLD])
        const again = await pair.begin({ service: 'pair-again', hold: '1s', connections: connections() })
        expect(await again.outcome()).toBe('completed')
        const proven = (await again.state()).steps.flatMap(({ notes }) => notes)
        expect(proven.filter((note) => note.includes('split proven'))).toHaveLength(6)
      })
      expect(await weights()).toEqual([NEW, NEW])
      const after = await Promise.all(all().map((each) => each.served()))
      const served = after.map((counts, at) => ({
        old: counts.old - before[at]!.old,
        new: counts.new - before[at]!.new,
      }))
      console.log(`${sent} requests, ${failed} failed; by process: ${JSON.stringify(served)}`)
      expect(failures).toEqual({})
      expect([failed, skipped]).toEqual([0, 0])
      for (const counts of served) expect(Math.min(counts.old, counts.new)).toBeGreaterThan(SERVED_MIN)
      for (const side of ['old', 'new'] as const)
        expect(
          served.reduce((sum, counts) => sum + counts[side], 0),
          side,
        ).toBe(sides[side].answered)
    },
    RUN_MS,
  )

  it(
    'of which one is killed: it is named, the way back reaches the other at once, and says what was not reached',
    async () => {
      await Promise.all(all().map((each) => each.server.start()))
      const { a, b } = connections() as { a: object; b: object }
      await setAll(OLD)
      const run = await pair.begin({ service: 'pair-killed', hold: '1h', connections: { a, b } })
      const { sent, failures, repeated } = await underLoad(async () => {
        await run.reaches('all users are held on the new side', isHeld(100))
        await pair.b.server.kill()
        await run.abort()
        await run.reaches('a person is asked', ({ phase }) => phase === 'stuck')
        expect(await pair.a.weights()).toEqual(OLD)
      }, true)
      const { restorations, gates } = await run.state()
      const fate = restorations.map(({ connection, status, note }) => ({ connection, status, note }))
      expect(fate).toContainEqual({ connection: 'a', status: 'restored', note: null })
      expect(fate).toContainEqual({
        connection: 'b',
        status: 'stuck',
        note: expect.stringContaining(pair.b.socket),
      })
      expect(gates.map(({ kind, title }) => [kind, title])).toEqual([
        ['restore', expect.stringContaining('b split')],
      ])
      console.log(`killed: ${sent} requests, ${repeated} repeated, failed ${JSON.stringify(failures)}`)
      // What was under way in the process that was killed is lost with it; whoever asks again is served by the other one.
      expect(failures).toEqual({})
      await pair.b.server.start()
      expect(await run.outcome()).toBe('restored')
      expect(await weights()).toEqual([OLD, OLD])
    },
    RUN_MS,
  )
})

describe('a list of connections that forgets a process of the port', () => {
  let forgotten: Process | undefined
  afterEach(async () => {
    await forgotten?.server.close()
  })
  const open = (config: object) =>
    connect(haproxy as unknown as ChangingBench['provider'], config as never, testDeps())
  const configOf = (config: object) =>
    Object.fromEntries(Object.entries(config).filter(([name]) => name !== 'provider'))

  it('is found by its answers: the plan names it, and no share is proven until it is moved or gone', async () => {
    await setAll(OLD)
    const port = open(configOf(connections().a))
    const plan = () => port.observe('split', io(), [{ old: 75, new: 25 }])
    const proof = () => port.confirm!({ target: 'split', desired: OLD, options: { samples: 20 } }, io())
    const words = (await plan()).cautions ?? []
    expect(words.filter((each) => each.startsWith('process '))).toEqual([])
    forgotten = await startProcess(pair.port, pair.sides)
    const stranger = expect.stringMatching(
      new RegExp(
        `^process ${pidOf(forgotten)}@\\S+ answers at ${pair.url}/cutover/process and is behind none of`,
      ),
    )
    expect((await plan()).cautions).toContainEqual(stranger)
    expect(await proof()).toMatchObject({ settled: false, lines: [stranger, expect.any(String)] })
    await forgotten.server.close()
    await until(
      'it is gone from the port',
      async () => !JSON.stringify(await proof()).includes('behind none of'),
    )
  })

  it('also when its socket is named and no step moves it: its weights are not as desired', async () => {
    await setAll(OLD)
    const port = open(configOf(connections().a))
    await port.write({ target: 'split', desired: NEW, seen: await port.observe('split', io()) }, io())
    const { settled, lines } = await port.confirm!(
      { target: 'split', desired: NEW, options: { samples: 1 } },
      io(),
    )
    expect(settled).toBe(false)
    expect(lines.join('\n')).toContain(`behind ${pair.b.socket} has ${JSON.stringify(OLD)}, not as desired`)
  })
})

const pidOf = ({ server }: Process): number => server.pid!

async function setAll(desired: { old: number; new: number }): Promise<void> {
  for (const each of all()) {
    const { provider: _, ...config } = connectionTo(each) as { provider: string }
    const port = connect(haproxy as unknown as ChangingBench['provider'], config as never, testDeps())
    await port.write({ target: 'split', desired, seen: await port.observe('split', io()) }, io())
  }
}
