// The suite of what a backend says that is not so: a write that is accepted and shows late, or is done in part, or reaches one
// of several places; a reader that is behind. A provider must pass it on as it is: neither call it done nor call it foreign.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../activities/change/look.ts'
import { restoreTo } from '../../activities/change/restore.ts'
import { kindOf } from '../../activities/failure.ts'
import { type Json, matches } from '../../workflows/json.ts'
import type { ChangeSupports, Changing, Observed } from '../../workflows/ports/target.ts'
import { milliseconds } from '../../workflows/quantities.ts'
import { given } from './applicable.ts'
import type { Lies } from './bench-lies.ts'
import { type ChangingBench, connect, io } from './changing.ts'

const PATIENCE_MS = 20_000 // above every provider's `showsWithin` that a suite waits for; a hang must still end

export function lyingContract(
  name: string,
  makeBench: () => Promise<ChangingBench>,
  tells: readonly (keyof Lies)[],
): void {
  const when = (lie: keyof Lies, words: string, run: () => Promise<void>) => {
    if (tells.includes(lie)) it(words, run)
  }
  describe(`${name} passes on what its backend says that is not so`, () => {
    let bench: ChangingBench
    let port: Changing
    let start: Observed
    let places: Json

    beforeAll(async () => {
      bench = await makeBench()
      port = connect(bench.provider, bench.config, bench.deps)
      start = await look()
      places = await otherPlaces()
    })

    afterEach(async () => {
      if (bench === undefined) return
      await restored()
      expect(await otherPlaces(), 'every other place is as before').toEqual(places)
    })

    afterAll(() => bench?.end())

    const [first, second] = [() => bench.values[0], () => bench.values[1]]
    const look = () => port.observe(bench.target, io())
    const lies = () => given(bench.lies, 'lies')
    const otherPlaces = async () => (await bench.lies?.otherPlace?.read()) ?? null
    const write = (desired: Json, seen: Observed) => port.write({ target: bench.target, desired, seen }, io())
    const restore = () =>
      restoreTo(
        port,
        {
          target: bench.target,
          before: start.value,
          ours: [start.value, ...bench.values],
          halves: [[start.value, bench.values[0]]],
          isUncertain: false,
          isRepeated: false,
          portName: bench.provider.spec.port,
        },
        io(),
      )
    /** Goes on as the engine does: until a look speaks for every place. */
    const restored = () =>
      expect
        .poll(
          async () => {
            await restore().catch(() => null) // the next try looks again
            return isAs(await look(), start.value)
          },
          { timeout: PATIENCE_MS, interval: 50 },
        )
        .toBe(true)
    const shows = (value: Json) =>
      expect.poll(async () => isAs(await look(), value), { timeout: PATIENCE_MS, interval: 50 }).toBe(true)

    when(
      'showLate',
      'a write that is accepted and shows late is neither match nor refused within showsWithin',
      async () => {
        const showsWithinMs = showsWithinOf(bench)
        const lie = await given(lies().showLate, 'showLate')(showsWithinMs / 2)
        try {
          await write(first(), await look()) // accepted: it does not raise
          const meanwhile = await look()
          expect(
            isAs(meanwhile, first()),
            'a look within the delay does not say that it is done already',
          ).toBe(false)
          expect(matches(meanwhile.value, start.value), 'it is nothing foreign either').toBe(true)
          await shows(first())
        } finally {
          await lie.end()
        }
      },
    )

    when(
      'showLate',
      'a write of the old value over one that does not show yet is sent: in the end the last one holds',
      async () => {
        const lie = await given(lies().showLate, 'showLate')(showsWithinOf(bench) / 2)
        try {
          await write(first(), await look())
          const outcome = await write(start.value, await look()).then(
            () => null,
            (error: unknown) => kindOf(error),
          )
          if (outcome !== null) {
            expect(outcome, 'a backend that knows of the order may refuse the outdated look').toBe('Conflict')
            await shows(first())
            return
          }
          await write(second(), await look()) // the queue is worked off in order: when this shows, the others have
          await shows(second())
        } finally {
          await lie.end()
        }
      },
    )

    when('freezeReader', 'a write behind a reader that is frozen is never called a match', async () => {
      const lie = await given(lies().freezeReader, 'freezeReader')()
      const request = { target: bench.target, desired: first(), expected: start.value }
      try {
        const answer = await applyTo(port, request, io()).catch((error: unknown) => error)
        const said = answer instanceof Error ? kindOf(answer) : (answer as { readBack: string }).readBack
        expect(['differs', 'unknown', 'Unavailable', 'Conflict']).toContain(said)
      } finally {
        await lie.end()
      }
      await shows(first())
    })

    when('doHalf', 'a write that is done in part is never called a match', async () => {
      const lie = await given(lies().doHalf, 'doHalf')()
      try {
        const request = { target: bench.target, desired: first(), expected: start.value }
        const answer = await applyTo(port, request, io()).catch((error: unknown) => error)
        expect((answer as { readBack?: string }).readBack).not.toBe('match')
        expect(isAs(await look(), first())).toBe(false)
      } finally {
        await lie.end()
      }
      await write(start.value, await look()) // what is half done is nobody's value: that is for a person to say
    })

    when(
      'otherPlace',
      'a look says which place holds something else, as long as one does, and what',
      async () => {
        const place = given(lies().otherPlace, 'otherPlace')
        await place.change(first())
        const seen = await look()
        expect(isAs(seen, start.value), 'it is not as before').toBe(false)
        for (const other of seen.elsewhere ?? []) expect(other.place, 'it is named').not.toBe('')
      },
    )

    when('otherPlace', 'after a write that failed, a restore leaves every place as before', async () => {
      const place = given(lies().otherPlace, 'otherPlace')
      const lie = await place.breakWrites()
      try {
        await write(first(), await look()).catch(() => null) // told or not
        const seen = await look().catch(() => null)
        expect(seen !== null && isAs(seen, first()), 'one place is not the whole').toBe(false)
        await restore().catch(() => null) // it says that a place is not as before
        const back = await look().catch(() => null)
        expect(back === null || matches(back.value, start.value), 'users wait for no other place').toBe(true)
      } finally {
        await lie.end()
      }
      await restored()
      expect(await place.read()).toEqual(places)
    })

    it('asks for what the suite says its backend can tell', () => {
      for (const lie of tells) given(lies()[lie], lie)
    })
  })
}

/** Every place of the target holds the value. */
function isAs({ value, elsewhere = [] }: Observed, wanted: Json): boolean {
  return matches(value, wanted) && elsewhere.every((other) => matches(other.value, wanted))
}

function showsWithinOf({ provider }: ChangingBench): number {
  return milliseconds((provider.spec.supports as ChangeSupports).showsWithin)
}
