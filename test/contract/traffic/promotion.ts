// The behaviour suite of edges that promote: a new version is made the stable one when it has all users and not before, the order is
// never taken for the deed, and nothing leads back. Each case has a version of its own: it can be promoted once.
import { afterEach, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import type { Json } from '../../../workflows/json.ts'
import { matches } from '../../../workflows/json.ts'
import type { Changing, Observed } from '../../../workflows/ports/target.ts'
import { type Split, splitAt, stableIs } from '../../../workflows/ports/traffic.ts'
import { type ChangingBench, connect, io } from '../changing.ts'

const PATIENCE_MS = 90_000 // controllers that look every few seconds, on busy cores
const CASE_MS = 240_000

export interface PromotionBench extends Pick<ChangingBench, 'provider' | 'config' | 'deps' | 'end'> {
  /** A share that it can stand at on the way. */
  share: number
  /** Whoever acts on what was ordered stands still. */
  standstill(): Promise<{ end(): Promise<void> }>
  /** Somebody else leads users back to the old side, all or some. */
  leadBack(): Promise<void>
  /** Whether a look sees an order that nobody has acted on yet. */
  seesOrders: boolean
}

export function promotionContract(
  name: string,
  makeBench: (version: string) => Promise<PromotionBench>,
): void {
  describe(`${name} promotes`, { timeout: CASE_MS }, () => {
    let bench: PromotionBench
    let port: Changing
    const open = async (version: string) => {
      bench = await makeBench(version)
      port = connect(bench.provider, bench.config, bench.deps)
    }
    afterEach(() => bench?.end())

    const look = (target: string) => port.observe(target, io())
    const write = (target: string, desired: Json, expected: Json) =>
      applyTo(port, { target, desired, expected }, io())
    const promote = () => write('stable', stableIs('new'), stableIs('old'))
    const shows = (target: string, wanted: Json) =>
      expect
        .poll(async () => isAs(await look(target), wanted), { timeout: PATIENCE_MS, interval: 100 })
        .toBe(true)
    const lead = async (share: number) => {
      await write('split', splitAt(share), (await look('split')).value)
      await shows('split', splitAt(share))
    }
    const led = async () => {
      await lead(bench.share)
      await lead(100)
    }
    const proof = () =>
      port.confirm!(
        { target: 'split', desired: splitAt(100), options: { samples: 0, tolerance: 10, promotable: true } },
        io(),
      )
    const refused = (call: Promise<unknown>) =>
      call.then(
        () => 'not refused',
        (error: unknown) => String(kindOf(error)),
      )
    const backTo = (split: Split) =>
      restoreTo(
        port,
        {
          target: 'split',
          before: split,
          ours: [split, splitAt(bench.share), splitAt(100)],
          halves: [],
          isUncertain: false,
          isRepeated: false,
          portName: 'traffic',
        },
        io(),
      )

    it('nothing while users are on the old side: it is not proven, and refused', async () => {
      await open('shared')
      expect(isAs(await look('stable'), stableIs('old'))).toBe(true)
      await lead(bench.share)
      expect(await proof()).toMatchObject({ settled: false })
      expect(await refused(promote())).toBe('Rejected')
      expect(isAs(await look('stable'), stableIs('old')), 'nothing is ordered').toBe(true)
      expect(isAs(await look('split'), splitAt(bench.share)), 'nobody was moved').toBe(true)
    })

    it('what has all users: once, really, and for good', async () => {
      await open('whole')
      await led()
      await expect
        .poll(async () => (await proof()).settled, { timeout: PATIENCE_MS, interval: 100 })
        .toBe(true)
      expect(isAs(await look('stable'), stableIs('old')), 'asking for a proof orders nothing').toBe(true)
      expect(await promote()).toMatchObject({ written: 'written' })
      await shows('stable', stableIs('new'))
      expect(isAs(await look('split'), splitAt(100)), 'users stay where they are').toBe(true)
      expect(await promote()).toMatchObject({ written: 'unchanged', readBack: 'match' })
      expect((await proof()).settled, 'a new history asks again').toBe(true)
      const seen = await look('stable')
      expect(await refused(port.write({ target: 'stable', desired: stableIs('old'), seen }, io()))).toBe(
        'Rejected',
      )
      expect(await refused(backTo(splitAt(0)))).toBe('Rejected')
      expect(isAs(await look('stable'), stableIs('new'))).toBe(true)
    })

    it('not over users who were led back since it was looked at', async () => {
      await open('led-back')
      await led()
      const seen = await look('stable')
      await bench.leadBack()
      const said = await refused(port.write({ target: 'stable', desired: stableIs('new'), seen }, io()))
      expect(['Conflict', 'Rejected', 'Unavailable']).toContain(said)
      expect((await look('stable')).value).toEqual(stableIs('old'))
      expect((await proof()).settled).toBe(false)
    })

    it('nothing by the order alone: it is neither called done, nor forgotten, nor taken back', async () => {
      await open('ordered')
      await led()
      const still = await bench.standstill()
      try {
        const answer = await promote()
        expect(answer).toMatchObject({ written: 'written' })
        expect(answer.readBack).not.toBe('match')
        const seen = await look('stable')
        expect(isAs(seen, stableIs('new')), 'not done').toBe(false)
        expect(isAs(seen, stableIs('old')), 'and not untouched').toBe(!bench.seesOrders)
        const away = { target: 'stable', desired: stableIs('old'), seen }
        if (bench.seesOrders) expect(await refused(port.write(away, io()))).toBe('Rejected')
        await port.write({ target: 'stable', desired: stableIs('new'), seen: await look('stable') }, io())
      } finally {
        await still.end()
      }
      await shows('stable', stableIs('new'))
    })

    it('once, though the answer was lost', async () => {
      await open('lost')
      await led()
      const request = { target: 'stable', desired: stableIs('new'), expected: stableIs('old') }
      await applyTo(port, request, io()) // and nobody hears of it
      await applyTo(port, { ...request, isRepeated: true }, io())
      await shows('stable', stableIs('new'))
    })
  })
}

function isAs({ value, elsewhere = [] }: Observed, wanted: Json): boolean {
  return matches(value, wanted) && elsewhere.every((other) => matches(other.value, wanted))
}
