// A person changes the limit of a guard while it is watched: it is judged by the new one from the next look on.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }

const TEST_MS = 120_000
const FAILING = { new: { errorRatio: 0.03 } } // the guard of these runbooks takes 1%
const LONG_ROW = 12 // bad looks: time enough to say something

type Held = { hold: string; breach: string; extend?: string }

const held = (names: Names, { hold, breach, extend = '1m' }: Held): string =>
  `${frame(names).replace('breach: 2 in a row', `breach: ${breach}`)}steps:
  - canary: { connection: edge, weights: [50%], samples: 0, hold: ${hold}, good: 3 in a row, extend_max: ${extend} }
`

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const retune = (run: Run, value: string) => run.decide({ verdict: 'retune', value, actor: 'ana' })

test(
  'a laxer limit lets a hold go on that would have been a breach',
  async () => {
    const begin = () =>
      bench.begin((names) => held(names, { hold: '4s', breach: `${LONG_ROW} in a row` }), {
        prepare: (world) => void world.set(FAILING),
      })
    const [lenient, strict] = await Promise.all([begin(), begin()])
    await lenient.until('holds', ({ holding }) => holding !== null)
    await retune(lenient, 'errors max 10%')
    expect((await lenient.ended()).outcome).toBe('completed')
    const { decisions, log } = await lenient.state()
    expect(decisions).toMatchObject([{ verdict: 'retune', value: 'errors max 10%', accepted: true }])
    expect(log.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^ana: retune errors max 10%/))
    expect((await strict.ended()).outcome).toBe('restored')
  },
  TEST_MS,
)

test(
  'a stricter limit is a breach at once when it is broken, and good checks under the old one open no gate',
  async () => {
    const run = await bench.begin((names) => held(names, { hold: '30s', breach: '2 in a row' }), {
      prepare: (world) => void world.set({ new: { errorRatio: 0.004 } }),
    })
    await run.until('holds', ({ holding }) => holding !== null)
    await retune(run, 'errors max 0.1%')
    expect((await run.ended()).outcome).toBe('restored')
    expect((await run.state()).reason).toMatchObject({
      kind: 'breach',
      subject: 'errors',
      evidence: { limit: expect.stringContaining('0.1 %') },
    })
    expect(run.world.snapshot()).toBe(run.before)
  },
  TEST_MS,
)

test(
  'a limit that is changed while good checks are missing counts for those that are waited for',
  async () => {
    const never = `${LONG_ROW * 100} in a row`
    const run = await bench.begin((names) => held(names, { hold: '500ms', breach: never, extend: '500ms' }), {
      prepare: (world) => void world.set(FAILING),
    })
    await run.gate('evidence')
    await retune(run, 'errors max 10%')
    expect((await run.ended()).outcome).toBe('completed')
    expect((await run.state()).log.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/evidence is back/),
    )
  },
  TEST_MS,
)

test(
  'a guard that is not there, and a run that goes back, take no other limit',
  async () => {
    const run = await bench.begin((names) => held(names, { hold: '30s', breach: '2 in a row' }))
    await run.until('holds', ({ holding }) => holding !== null)
    await expect(retune(run, 'p95 max 1s')).rejects.toThrow()
    await run.abort()
    expect((await run.ended()).outcome).toBe('restored')
  },
  TEST_MS,
)
