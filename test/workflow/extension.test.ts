// A person gives a hold, a proof or a question more time while it lasts, or ends the time of a hold: it ends at the new moment, and
// nothing that was counted is counted again.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }

const TEST_MS = 120_000
const STEADY = 14 // good looks in a row: more than the hold has, before it is extended

const canary = (names: Names, more: string): string =>
  `${frame(names)}steps:
  - canary: { connection: edge, weights: [10%, 50%], samples: 0, ${more} }
`

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const secondWeight = ({ world }: Run) =>
  world.landed().find(({ port, value }) => port === 'traffic' && (value as { new: number }).new === 50)

async function extended(run: Run, by: string, gate?: string): Promise<void> {
  await run.decide({ verdict: 'extend', value: by, actor: 'ana', ...(gate === undefined ? {} : { gate }) })
}

type Look = { id: string; goodInRow: number }

/** The look under way, as the server knows it: each that is begun anew has another id. */
async function lookOf(run: Run): Promise<Look | null> {
  const { raw } = await run.handle.describe()
  for (const { activityId, heartbeatDetails } of raw.pendingActivities ?? []) {
    const data = heartbeatDetails?.payloads?.[0]?.data
    if (data === undefined || data === null) continue
    const memory = JSON.parse(Buffer.from(data).toString()) as {
      subjects?: { errors?: { goodInRow: number } }
    }
    const { errors } = memory.subjects ?? {}
    if (errors !== undefined) return { id: activityId ?? '', goodInRow: errors.goodInRow }
  }
  return null
}

async function firstLook(run: Run, wanted: (look: Look) => boolean): Promise<Look> {
  const found: { look: Look | null } = { look: null }
  await eventually('such a look', async () => {
    found.look = await lookOf(run)
    return found.look !== null && wanted(found.look)
  })
  return found.look as Look
}

test(
  'a watched hold ends at its new end, with the row of good checks that it had',
  async () => {
    const run = await bench.begin((names) =>
      canary(names, `hold: 4s, good: ${STEADY} in a row, extend_max: 1m`),
    )
    const { holding } = await run.until('holds', (state) => state.holding !== null)
    const before = await firstLook(run, ({ goodInRow }) => goodInRow >= 5)
    await extended(run, '2s')
    const after = await firstLook(run, ({ id }) => id !== before.id)
    expect(after.goodInRow).toBeGreaterThanOrEqual(before.goodInRow) // a look of that very moment may be lost, and one has come
    const state = await run.state()
    expect(state.holding).toMatchObject({
      until: (holding?.until ?? 0) + 2_000,
      limit: (holding?.limit ?? 0) + 2_000,
    })
    expect(state.decisions).toMatchObject([{ verdict: 'extend', value: '2s', accepted: true, actor: 'ana' }])
    expect(state.log.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^ana: extend by 2s/))
    expect((await run.ended()).outcome).toBe('completed')
    expect(secondWeight(run)?.at).toBeGreaterThanOrEqual((holding?.until ?? 0) + 2_000)
  },
  TEST_MS,
)

test(
  'so does one that waits for time alone, however often it is extended',
  async () => {
    const run = await bench.begin((names) =>
      canary(names, 'hold: 1500ms, guards: [], unwatched: time alone is tried'),
    )
    const { holding } = await run.until('holds', (state) => state.holding !== null)
    for (let time = 0; time < 20; time++) await extended(run, '100ms')
    expect((await run.ended()).outcome).toBe('completed')
    expect(secondWeight(run)?.at).toBeGreaterThanOrEqual((holding?.until ?? 0) + 2_000)
  },
  TEST_MS,
)

test(
  'a wait for instances that would have failed goes on',
  async () => {
    const run = await bench.begin(
      (names) =>
        `${frame(names).replace('old: 3, new: 1 }', 'old: 3, new: 1, warm_up: 12s }')}steps:
  - prewarm: { connection: fleet, factor: 1, ready_within: 4s }
`,
    )
    await run.until('waits for instances', (state) => Object.keys(state.proofs).length > 0)
    await extended(run, '1m')
    expect((await run.ended()).outcome).toBe('completed')
  },
  TEST_MS,
)

test(
  'a question expires later; without it, going back is what it would have done',
  async () => {
    const asking = (names: Names) => `${frame(names)}steps:
  - approve: { people: [ana, raj], expires: 3s, guards: [] }
`
    const [later, never] = await Promise.all([bench.begin(asking), bench.begin(asking)])
    const gate = await later.gate('approval')
    await extended(later, '1m', gate.id)
    expect((await never.ended()).outcome).toBe('restored')
    const { gates } = await later.state()
    expect(gates).toMatchObject([{ id: gate.id, expires: (gate.expires ?? 0) + 60_000, answer: null }])
    await later.decide({ verdict: 'approve', gate: gate.id, actor: 'raj' })
    expect((await later.ended()).outcome).toBe('completed')
  },
  TEST_MS,
)

test(
  'a breach of the guards and an abort end a hold that was extended like any other',
  async () => {
    const long = (names: Names) => canary(names, 'hold: 20s, good: 1 in a row, extend_max: 1m')
    const [failing, aborted] = await Promise.all([bench.begin(long), bench.begin(long)])
    for (const run of [failing, aborted]) {
      await run.until('holds', (state) => state.holding !== null)
      await extended(run, '10m')
    }
    failing.world.set({ new: { errorRatio: 0.5 } })
    await aborted.abort()
    expect((await aborted.ended()).outcome).toBe('restored')
    expect((await failing.ended()).outcome).toBe('restored')
    expect((await failing.state()).reason).toMatchObject({ kind: 'breach', subject: 'errors' })
    expect(failing.world.snapshot()).toBe(failing.before)
  },
  TEST_MS,
)

test(
  'a hold of a day ends when a person promotes it and its checks are good; a bad one still sends the run back',
  async () => {
    const day = (names: Names) => canary(names, 'hold: 24h, good: 3 in a row, extend_max: 1h')
    const [good, bad] = await Promise.all([bench.begin(day), bench.begin(day)])
    bad.world.set({ new: { errorRatio: 0.5 } })
    for (const run of [good, bad]) await run.until('holds', (state) => state.holding !== null)
    await good.decide({ verdict: 'promote', actor: 'ana' })
    await good.until('the next share is held', ({ holding }) => holding?.key.endsWith('/50%') === true)
    const { decisions, log } = await good.state()
    expect(decisions).toMatchObject([{ verdict: 'promote', accepted: true, actor: 'ana' }])
    expect(log.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^ana: promote/))
    await bad.decide({ verdict: 'promote', actor: 'ana' }).catch(() => {}) // it may be going back already
    expect((await bad.ended()).outcome).toBe('restored')
    await good.abort()
    expect((await good.ended()).outcome).toBe('restored')
    expect(good.world.snapshot()).toBe(good.before)
  },
  TEST_MS,
)

test(
  'a hold that waits for time alone ends when it is promoted',
  async () => {
    const run = await bench.begin((names) =>
      canary(names, 'hold: 24h, guards: [], unwatched: time alone is tried'),
    )
    for (const weight of ['10%', '50%']) {
      await run.until(`holds ${weight}`, ({ holding }) => holding?.key.endsWith(`/${weight}`) === true)
      await run.decide({ verdict: 'promote', actor: 'ana' })
    }
    expect((await run.ended()).outcome).toBe('completed')
  },
  TEST_MS,
)
