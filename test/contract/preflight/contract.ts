// The one behaviour suite of every preflight provider, real or simulated: it says what it has seen, changes nothing, and calls
// nothing good that it could not look at.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deps, Provider } from '../../../activities/provider.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Demand, Examination, PreflightPort } from '../../../workflows/ports/preflight.ts'
import { casesWithout, given } from '../applicable.ts'
import { io } from '../changing.ts'
import { type Refusal, endWithoutSecrets, refusalOf } from '../said.ts'

export interface PreflightBench {
  provider: Provider<'preflight'>
  /** Of a place that is fit for users: nothing refuses. */
  config: JsonObject
  deps: Deps & { lines?: string[] }
  /** Makes it unfit, so that at least one finding refuses; `end` makes it fit again. */
  spoil(): Promise<{ end(): Promise<void> }>
  /** Everything that looking must leave alone. */
  state(): Promise<Json>
  /** A place that is not there. */
  missing?: { config: JsonObject }
  outage?(): Promise<{ end(): Promise<void> }>
  wrongCredentials?: { config: JsonObject; deps?: Deps & { lines?: string[] } }
  /** Must appear in no finding, message or log. */
  secrets: string[]
  end(): Promise<void>
}

export const PRESENT: Demand = { instances: null, factor: null, drainMs: 20_000 }

const PATIENCE_MS = 20_000 // how long controllers may take to see a change; a hang must still end

type Needed = 'missing' | 'outage' | 'credentials'

export function preflightContract(
  name: string,
  makeBench: () => Promise<PreflightBench>,
  without: readonly Needed[] = [],
): void {
  const when = casesWithout(without)
  describe(`${name} keeps the contract of preflights`, () => {
    let bench: PreflightBench
    let port: PreflightPort
    const said: string[] = []

    beforeAll(async () => {
      bench = await makeBench()
      port = connectPreflight(bench, bench.config)
    })

    afterAll(async () => {
      if (bench !== undefined) await endWithoutSecrets(bench, said)
    })

    const examine = async (demand = PRESENT): Promise<Examination> => {
      const examination = await port.examine(demand, io())
      said.push(JSON.stringify(examination))
      return examination
    }
    const refused = async (): Promise<string[]> =>
      (await examine()).findings.filter(({ level }) => level === 'refuse').map(({ check }) => check)
    const refusal = (call: Promise<unknown>): Promise<Refusal> => refusalOf(call, said)

    it('finds nothing in the way of a place that is fit, and says what it has looked at', async () => {
      expect(await refused()).toEqual([])
      expect((await examine()).fine).not.toEqual([])
    })

    it('refuses a place that is not, until it is', async () => {
      const spoilt = await bench.spoil()
      try {
        await expect.poll(refused, { timeout: PATIENCE_MS, interval: 50 }).not.toEqual([])
      } finally {
        await spoilt.end()
      }
      await expect.poll(refused, { timeout: PATIENCE_MS, interval: 50 }).toEqual([])
    })

    it('says of each finding what was seen, why it matters and what to do, under a name that can be accepted', async () => {
      const spoilt = await bench.spoil()
      try {
        await expect.poll(refused, { timeout: PATIENCE_MS, interval: 50 }).not.toEqual([])
        const { findings, fine } = await examine()
        const { checks } = bench.provider.spec.supports
        for (const finding of findings) {
          expect(checks).toContain(finding.check)
          for (const part of [finding.seen, finding.why, finding.todo]) expect(part.trim()).not.toBe('')
        }
        for (const line of fine) expect(checks).toContain(line.split(': ')[0])
      } finally {
        await spoilt.end()
      }
      await expect.poll(refused, { timeout: PATIENCE_MS, interval: 50 }).toEqual([])
    })

    it('changes nothing', async () => {
      const before = await bench.state()
      await examine()
      await examine({ instances: 3, factor: null, drainMs: 1_000 })
      expect(await bench.state()).toEqual(before)
    })

    when('missing', 'calls a place that is not there Missing', async () => {
      const { config } = given(bench.missing, 'missing')
      const call = connectPreflight(bench, config).examine(PRESENT, io())
      expect((await refusal(call)).kind).toBe('Missing')
    })

    when('outage', 'finds nothing fine while it cannot look: Unavailable', async () => {
      const outage = await given(bench.outage, 'outage')()
      try {
        expect((await refusal(port.examine(PRESENT, io()))).kind).toBe('Unavailable')
      } finally {
        await outage.end()
      }
      await expect
        .poll(async () => await refused().catch(() => null), { timeout: PATIENCE_MS, interval: 50 })
        .toEqual([])
    })

    when('credentials', 'calls a look that is not allowed Denied', async () => {
      const wrong = given(bench.wrongCredentials, 'credentials')
      const intruder = connectPreflight({ ...bench, deps: wrong.deps ?? bench.deps }, wrong.config)
      expect((await refusal(intruder.examine(PRESENT, io()))).kind).toBe('Denied')
    })

    it('ends at once when its signal is aborted', async () => {
      const reason = new Error('the run was told to stop')
      await expect(port.examine(PRESENT, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })
  })
}

export function connectPreflight(
  bench: Pick<PreflightBench, 'provider' | 'deps'>,
  config: JsonObject,
): PreflightPort {
  return bench.provider.connect(bench.provider.spec.config.parse(config), bench.deps)
}
