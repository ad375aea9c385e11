// The one behaviour suite of every port that changes something: run against real servers and the simulated ones alike.
// It asserts on the world as a new look sees it, never on the calls a provider made.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Applied, applyTo } from '../../activities/change/look.ts'
import { kindOf } from '../../activities/failure.ts'
import type { Deps, Provider } from '../../activities/provider.ts'
import { RETRIED } from '../../workflows/failure.ts'
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { ChangeSupports, Changing, Io, Observed } from '../../workflows/ports/target.ts'
import { casesWithout, given } from './applicable.ts'
import type { Lies } from './bench-lies.ts'
import { type Refusal, endWithoutSecrets, refusalOf } from './said.ts'

export interface ChangingBench {
  provider: Provider
  config: JsonObject
  deps: Deps & { lines?: string[] }
  target: string
  missingTarget?: string
  /** Two desired values, different from each other and both different from the start. */
  values: [Json, Json]
  /** Snapshot of everything this target must not touch. */
  neighbours(): Promise<Json>
  /** Someone else writes the target, not through our provider. */
  stranger(value: Json): Promise<void>
  /** The backend stops answering. */
  outage?(): Promise<{ end(): Promise<void> }>
  /** What the backend can be brought to say that is not so; see lies.ts. */
  lies?: Lies
  /** A configuration (and secrets) the backend refuses as not allowed. */
  wrongCredentials?: { config: JsonObject; deps?: Deps & { lines?: string[] } }
  /** Must appear in no message or log. */
  secrets: string[]
  end(): Promise<void>
}

const CALL_MS_MAX = 4_000 // the deadline the engine gives one call; a provider must end within it
const SILENCE_MS = 500 // deadline of a call to a backend that will not answer: enough to be sure it was tried
const PATIENCE_MS = 20_000 // how long a backend may take to show again what it was told; a hang must still end

/** Parts of a bench that not every backend can offer. */
type Needed = 'outage' | 'missing target' | 'credentials'

export function changingContract(
  name: string,
  makeBench: () => Promise<ChangingBench>,
  without: readonly Needed[] = [],
): void {
  const when = casesWithout(without)
  describe(`${name} keeps the contract of changing ports`, () => {
    let bench: ChangingBench
    let port: Changing
    let start: Observed
    let around: Json
    const said: string[] = []

    beforeAll(async () => {
      bench = await makeBench()
      port = connect(bench.provider, bench.config, bench.deps)
      start = await port.observe(bench.target, io())
      around = await bench.neighbours()
    })

    afterEach(async () => {
      if (bench === undefined) return
      await apply(start.value, await look())
      const again = await apply(start.value, start.value)
      expect(again, 'a new look after the case demands zero corrections').toMatchObject({
        written: 'unchanged',
        readBack: 'match',
        observed: { value: start.value },
      })
      expect(await bench.neighbours(), 'neighbours are as they were').toEqual(around)
    })

    afterAll(async () => {
      if (bench !== undefined) await endWithoutSecrets(bench, said)
    })

    const look = async (): Promise<Json> => (await port.observe(bench.target, io())).value
    const apply = (desired: Json, expected: Json): Promise<Applied> =>
      applyTo(port, { target: bench.target, desired, expected }, io())

    const refusal = (call: Promise<unknown>): Promise<Refusal> => refusalOf(call, said)

    it('changes the target, and the same change a second time changes nothing', async () => {
      const first = await apply(bench.values[0], start.value)
      expect(first).toMatchObject({
        written: 'written',
        readBack: 'match',
        observed: { value: bench.values[0] },
      })
      const second = await apply(bench.values[0], start.value)
      expect(second).toMatchObject({ written: 'unchanged', readBack: 'match' })
      expect(second.observed?.value).toEqual(first.observed?.value)
    })

    it('survives the same write sent twice over one look', async () => {
      const seen = await port.observe(bench.target, io())
      const write = { target: bench.target, desired: bench.values[0], seen }
      await port.write(write, io())
      const second = await port.write(write, io()).then(
        () => null,
        (error: unknown) => error,
      )
      // With compare-and-set the second is refused: its look is outdated. What may never happen is another end state.
      if (second !== null) expect(kindOf(second)).toBe('Conflict')
      expect(await apply(bench.values[0], bench.values[0])).toMatchObject({ written: 'unchanged' })
    })

    it('goes through two values and back to exactly what it was before', async () => {
      const one = await apply(bench.values[0], start.value)
      const two = await apply(bench.values[1], one.observed?.value ?? null)
      expect(two).toMatchObject({
        written: 'written',
        readBack: 'match',
        observed: { value: bench.values[1] },
      })
      const back = await apply(start.value, two.observed?.value ?? null)
      expect(back).toMatchObject({ written: 'written', readBack: 'match' })
      expect(await look()).toEqual(start.value)
    })

    it('leaves the neighbours alone while the target is changed', async () => {
      await apply(bench.values[0], start.value)
      expect(await bench.neighbours()).toEqual(around)
      await apply(bench.values[1], bench.values[0])
      expect(await bench.neighbours()).toEqual(around)
    })

    it('refuses to write over what someone else wrote, and says what it found', async () => {
      await bench.stranger(bench.values[1])
      const found = await look()
      expect(found).toMatchObject(bench.values[1] as JsonObject)
      const { kind, text, error } = await refusal(apply(bench.values[0], start.value))
      expect(kind).toBe('Conflict')
      expect(text).toContain(JSON.stringify(found))
      expect((error as { details?: unknown[] }).details?.[0]).toMatchObject({ found })
      expect(await look()).toEqual(found)
    })

    it('refuses a write that is based on an outdated look, where the backend can tell', async () => {
      const supports = bench.provider.spec.supports as Partial<ChangeSupports>
      const seen = await port.observe(bench.target, io())
      await bench.stranger(bench.values[1])
      const found = await look()
      if (supports.compareAndSet !== true) return // the look inside apply is all there is; the case above covers it
      const { kind } = await refusal(
        port.write({ target: bench.target, desired: bench.values[0], seen }, io()),
      )
      expect(kind).toBe('Conflict')
      expect(await look()).toEqual(found)
    })

    when(
      'outage',
      'calls a backend that does not answer Unavailable, and works again when it is back',
      async () => {
        const outage = await given(bench.outage, 'outage')()
        try {
          expect((await refusal(port.observe(bench.target, io(SILENCE_MS)))).kind).toBe('Unavailable')
          const write = { target: bench.target, desired: bench.values[0], seen: start }
          expect((await refusal(port.write(write, io(SILENCE_MS)))).kind).toBe('Unavailable')
        } finally {
          await outage.end()
        }
        await untilTrue(async () => (await look()) !== undefined)
      },
    )

    when('missing target', 'calls a target that is not there Missing', async () => {
      const target = given(bench.missingTarget, 'missing target')
      const { kind, text } = await refusal(port.observe(target, io()))
      expect(kind).toBe('Missing')
      expect(text).toContain(target)
      const desired = bench.values[0]
      expect((await refusal(applyTo(port, { target, desired, expected: desired }, io()))).kind).toBe(
        'Missing',
      )
    })

    when('credentials', 'calls refused credentials Denied and changes nothing with them', async () => {
      const wrong = given(bench.wrongCredentials, 'credentials')
      const intruder = connect(bench.provider, wrong.config, wrong.deps ?? bench.deps)
      const request = { target: bench.target, desired: bench.values[0], expected: start.value }
      const { kind } = await refusal(applyTo(intruder, request, io()))
      expect(kind).toBe('Denied')
      expect(await look()).toEqual(start.value)
    })

    it('touches nothing when its signal is aborted beforehand', async () => {
      const reason = new Error('the run was told to stop')
      const aborted = { signal: AbortSignal.abort(reason) }
      const write = { target: bench.target, desired: bench.values[0], seen: start }
      const calls = [() => port.observe(bench.target, aborted), () => port.write(write, aborted)]
      for (const call of calls) {
        const { kind, text, error } = await refusal(call())
        expect(
          error === reason || kind === 'Unavailable',
          `the signal's reason or Unavailable, not ${text}`,
        ).toBe(true)
      }
      expect(await look()).toEqual(start.value)
    })

    when('outage', 'ends a call whose signal is aborted while it waits', async () => {
      const outage = await given(bench.outage, 'outage')()
      try {
        const controller = new AbortController()
        const reason = new Error('the run was told to stop')
        const call = refusal(port.observe(bench.target, { signal: controller.signal }))
        await new Promise((resolve) => setImmediate(resolve)) // lets the call reach its first I/O
        controller.abort(reason)
        const { kind, text, error } = await call
        expect(
          error === reason || kind === 'Unavailable',
          `the signal's reason or Unavailable, not ${text}`,
        ).toBe(true)
      } finally {
        await outage.end()
      }
      await untilTrue(async () => (await look()) !== undefined)
    })

    it('fails in the closed list of kinds only', () => {
      expect(said.length, 'the cases above have provoked failures').toBeGreaterThan(0)
      for (const kind of said.flatMap((text) => /^\[(\w+)\]/.exec(text)?.[1] ?? [])) {
        expect(Object.keys(RETRIED)).toContain(kind)
      }
    })
  })
}

/** A connected port of a changing provider, its config parsed as the worker does. */
export function connect(provider: Provider, config: JsonObject, deps: Deps): Changing {
  return provider.connect(provider.spec.config.parse(config), deps) as unknown as Changing
}

/** The deadline of one call, as the engine sets it. */
export function io(withinMs = CALL_MS_MAX): Io {
  return { signal: AbortSignal.timeout(withinMs) }
}

/** Waits until the look succeeds: a restarted backend may refuse the first ones. */
async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  await expect.poll(() => condition().catch(() => false), { timeout: PATIENCE_MS, interval: 50 }).toBe(true)
}
