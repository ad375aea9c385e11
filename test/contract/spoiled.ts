// The one behaviour suite of connections between a provider and its backend that are slow, mute, reset, refused, or lose their
// answers (toxiproxy): each failure is of the right kind and changes nothing by itself, and what a lost answer left open is found by
// reading back. Every place of a target is back in the end.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../activities/change/look.ts'
import { restoreTo } from '../../activities/change/restore.ts'
import { kindOf } from '../../activities/failure.ts'
import { freePort } from '../../lab/ports.ts'
import type { Spoiled, Toxiproxy } from '../../lab/servers/toxiproxy.ts'
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { Changing } from '../../workflows/ports/target.ts'
import { casesWithout, given } from './applicable.ts'
import { type ChangingBench, connect, io } from './changing.ts'
import type { TestDeps } from './deps.ts'

const SILENCE_MS = 800 // a call to a backend that does not answer: enough to be sure it was tried
const SLOW_MS = 20
const FOLLOWS_MS = 10_000 // throttles, reloads, proxies of a mesh

export interface Stand {
  provider: ChangingBench['provider']
  /** With the address that is spoiled. */
  config(address: string): JsonObject
  to: { host: string; port: number }
  deps: TestDeps
  /** Past what is spoiled, where that is not another address. */
  past?: { config: JsonObject; deps: TestDeps }
  target: string
  value: Json
  /** Loses the answer to a write, and all after it, by what it is given; returns what the write is made with. */
  losing?(lose: () => Promise<void>, deps: TestDeps): Promise<TestDeps>
  /** The lost answer was to the write itself, which was done. */
  lands?: true
  /** Of a backend that is asked dozens of questions for one look. */
  slowMs?: number
  /** Of a backend that works at its own pace. */
  followsMs?: number
  /** What it takes to go there once more, after a way back. */
  again?(): Promise<void>
  end(): Promise<void>
}

/** For what speaks HTTP by the worker's fetch: the answer to the first request of which `isIt`, and all after it, are lost. */
export function losingByFetch(isIt: (request: { method: string }) => boolean): NonNullable<Stand['losing']> {
  return async (lose, deps) => {
    let isLost = false
    const losing: typeof fetch = async (input, init) => {
      if (!isLost && isIt({ method: init?.method ?? 'GET' })) {
        isLost = true
        await lose()
      }
      return await fetch(input, init)
    }
    return { ...deps, fetch: losing }
  }
}

/** `open` gets the port of the spoiled address, for servers that must know it. */
export function spoiledContract(
  name: string,
  open: (own: number) => Promise<Stand>,
  {
    toxiproxy,
    without = [],
    caseMs,
  }: {
    toxiproxy: () => Toxiproxy
    without?: readonly 'lost answers'[]
    /** Of a backend that works at its own pace. */
    caseMs?: number
  },
): void {
  const when = casesWithout(without)
  describe(
    `${name} over a connection that is spoiled`,
    caseMs === undefined ? {} : { timeout: caseMs },
    () => {
      let stand: Stand
      let way: Spoiled
      let port: Changing
      /** Past what is spoiled. */
      let world: Changing
      let start: Json

      beforeAll(async () => {
        const own = await freePort()
        stand = await open(own)
        way = await toxiproxy().before(name.replaceAll('/', '-'), stand.to, own)
        port = connect(stand.provider, stand.config(`${way.host}:${way.port}`), stand.deps)
        const { past = { config: stand.config(`${stand.to.host}:${stand.to.port}`), deps: stand.deps } } =
          stand
        world = connect(stand.provider, past.config, past.deps)
        start = (await world.observe(stand.target, io())).value
      })
      afterAll(async () => {
        await way?.heal()
        await stand?.end()
      })

      const apply = (by: Changing, more: { isRepeated?: boolean } = {}) =>
        applyTo(
          by,
          {
            target: stand.target,
            desired: stand.value,
            expected: start,
            portName: stand.provider.spec.port,
            ...more,
          },
          io(),
        )
      const followsMs = () => stand.followsMs ?? FOLLOWS_MS
      const restored = async () => {
        await expect
          .poll(
            async () => {
              const request = {
                target: stand.target,
                before: start,
                ours: [stand.value],
                halves: [[start, stand.value] as [Json, Json]],
                isUncertain: false,
                isRepeated: true,
                portName: stand.provider.spec.port,
              }
              await restoreTo(port, request, io()).catch(() => null) // the next try looks again
              const { value, elsewhere } = await world.observe(stand.target, io())
              return { value, elsewhere }
            },
            { timeout: followsMs() },
          )
          .toEqual({ value: start, elsewhere: undefined })
        await stand.again?.()
      }

      it('works over a slow connection', async () => {
        await way.spoil({ type: 'latency', milliseconds: stand.slowMs ?? SLOW_MS })
        expect(await apply(port)).toMatchObject({ written: 'written', readBack: 'match' })
        await way.heal()
        await restored()
      })

      it.each(['blackhole', 'reset', 'down'] as const)(
        '%s: is Unavailable, and nothing has changed',
        async (type) => {
          await way.spoil({ type })
          try {
            const signal = () => ({ signal: AbortSignal.timeout(SILENCE_MS) })
            expect(kindOf(await port.observe(stand.target, signal()).catch((error: unknown) => error))).toBe(
              'Unavailable',
            )
            const seen = await world.observe(stand.target, io())
            const write = { target: stand.target, desired: stand.value, seen }
            expect(kindOf(await port.write(write, signal()).catch((error: unknown) => error))).toBe(
              'Unavailable',
            )
            expect((await world.observe(stand.target, io())).value).toEqual(start)
          } finally {
            await way.heal()
          }
          await expect
            .poll(async () => (await port.observe(stand.target, io()).catch(() => null))?.value, {
              timeout: followsMs(),
            })
            .toEqual(start)
          expect(await apply(port)).toMatchObject({ readBack: 'match' })
          await restored()
        },
      )

      const lost =
        'an answer that is lost in the middle of a write is no outcome: reading back tells, and the same again is one write'
      when('lost answers', lost, async () => {
        const { lands } = stand
        const losing = given(stand.losing, 'lost answers')
        let isLost = false
        const deps = await losing(async () => {
          isLost = true
          await way.spoil({ type: 'lost answer' })
        }, stand.deps)
        const unlucky = connect(stand.provider, stand.config(`${way.host}:${way.port}`), deps)
        try {
          const answer = await apply(unlucky).catch((error: unknown) => error)
          expect(isLost, 'the answer was lost').toBe(true)
          const said = answer instanceof Error ? kindOf(answer) : (answer as { readBack: string }).readBack
          expect(['Unavailable', 'unknown']).toContain(said)
        } finally {
          await way.heal()
        }
        if (lands === true)
          await expect
            .poll(async () => (await world.observe(stand.target, io())).value, { timeout: followsMs() })
            .toMatchObject(stand.value as JsonObject)
        await expect
          .poll(async () => (await apply(port, { isRepeated: true }).catch(() => null))?.readBack, {
            timeout: followsMs(),
          })
          .toBe('match')
        expect(await apply(port, { isRepeated: true })).toMatchObject({ written: 'unchanged' })
        expect((await world.observe(stand.target, io())).value).toMatchObject(stand.value as JsonObject)
        await restored()
      })
    },
  )
}
