// The one behaviour suite of every probe provider, real or simulated: a bad answer is a result, never an exception.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deps, Provider } from '../../../activities/provider.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { ProbePort, ProbeRequest } from '../../../workflows/ports/probe.ts'
import { casesWithout, given } from '../applicable.ts'
import { io } from '../changing.ts'
import { endWithoutSecrets } from '../said.ts'

export interface ProbeBench {
  provider: Provider<'probe'>
  config: JsonObject
  deps: Deps & { lines?: string[] }
  /** Answered as expected, by a deep check; `deep: true`. */
  good: ProbeRequest
  /** Answered as expected by a check that names no dependency. */
  shallow?: ProbeRequest
  /** Answered otherwise than expected. */
  bad: ProbeRequest
  /** The service stops answering. */
  outage?(): Promise<{ end(): Promise<void> }>
  /** Must appear in no result or log. */
  secrets: string[]
  end(): Promise<void>
}

const PATIENCE_MS = 20_000 // how long a service may take to come back; a hang must still end

type Needed = 'outage' | 'shallow check'

export function probeContract(
  name: string,
  makeBench: () => Promise<ProbeBench>,
  without: readonly Needed[] = [],
): void {
  const when = casesWithout(without)
  describe(`${name} keeps the contract of probes`, () => {
    let bench: ProbeBench
    let port: ProbePort
    const said: string[] = []

    beforeAll(async () => {
      bench = await makeBench()
      port = connectProbe(bench, bench.config)
    })

    afterAll(async () => {
      if (bench !== undefined) await endWithoutSecrets(bench, said)
    })

    const probe = async (request: ProbeRequest) => {
      const result = await port.probe(request, io())
      said.push(JSON.stringify(result))
      expect(result.good, 'good means: no problems').toBe(result.problems.length === 0)
      return result
    }

    it('calls the expected answer of a deep check good', async () => {
      expect(await probe(bench.good)).toEqual({
        good: true,
        status: bench.good.expect.status,
        latencyMs: expect.any(Number),
        problems: [],
        shallow: null,
      })
    })

    it('says what was expected and what came', async () => {
      const result = await probe(bench.bad)
      expect(result).toMatchObject({ good: false, status: expect.any(Number) })
      for (const problem of result.problems)
        expect(problem).toMatch(/expected .+came |allowed .+took |not in the answer/)
    })

    when(
      'shallow check',
      'lets a shallow check pass with a remark, and not when a deep one is asked for',
      async () => {
        const shallow = given(bench.shallow, 'shallow check')
        expect(await probe({ ...shallow, deep: false })).toMatchObject({
          good: true,
          shallow: expect.any(String),
        })
        const deep = await probe({ ...shallow, deep: true })
        expect(deep).toMatchObject({ good: false, shallow: expect.any(String) })
        expect(deep.problems).toEqual([`deep check asked for, but ${deep.shallow}`])
      },
    )

    when('outage', 'calls a service that does not answer bad, and good again when it is back', async () => {
      const outage = await given(bench.outage, 'outage')()
      try {
        const result = await probe(bench.good)
        expect(result).toMatchObject({
          good: false,
          status: null,
          problems: [expect.stringMatching(/^no answer: /)],
        })
      } finally {
        await outage.end()
      }
      const isGood = async (): Promise<boolean> => (await port.probe(bench.good, io())).good
      await expect.poll(isGood, { timeout: PATIENCE_MS, interval: 50 }).toBe(true)
    })

    it('ends at once when its signal is aborted', async () => {
      const reason = new Error('the run was told to stop')
      await expect(port.probe(bench.good, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })
  })
}

export function connectProbe(bench: Pick<ProbeBench, 'provider' | 'deps'>, config: JsonObject): ProbePort {
  return bench.provider.connect(bench.provider.spec.config.parse(config), bench.deps)
}
