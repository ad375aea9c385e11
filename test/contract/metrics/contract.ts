// The one behaviour suite of every metrics provider, real or simulated: what is a number, and what must never be one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deps, Provider } from '../../../activities/provider.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { MetricsPort } from '../../../workflows/ports/metrics.ts'
import { casesWithout, given } from '../applicable.ts'
import { io } from '../changing.ts'
import { type Refusal, endWithoutSecrets, refusalOf } from '../said.ts'

export interface MetricsBench {
  provider: Provider<'metrics'>
  config: JsonObject
  deps: Deps & { lines?: string[] }
  queries: {
    /** Answers this number from the moment the bench is made. */
    number: { query: string; value: number }
    /** Nothing matches. */
    empty: string
    /** Zero by zero. */
    notANumber?: string
    /** One by zero. */
    infinite?: string
    /** More than one series. */
    several?: string
    /** The backend cannot understand it. */
    wrong?: string
  }
  /** The backend stops answering. */
  outage?(): Promise<{ end(): Promise<void> }>
  /** A configuration (and secrets) the backend refuses as not allowed. */
  wrongCredentials?: { config: JsonObject; deps?: Deps & { lines?: string[] } }
  /** Must appear in no message or log. */
  secrets: string[]
  end(): Promise<void>
}

const PATIENCE_MS = 20_000 // how long a backend may take to come back; a hang must still end

type Needed = 'not a number' | 'infinite' | 'several' | 'wrong query' | 'outage' | 'credentials'

export function metricsContract(
  name: string,
  makeBench: () => Promise<MetricsBench>,
  without: readonly Needed[] = [],
): void {
  const when = casesWithout(without)
  describe(`${name} keeps the contract of metrics`, () => {
    let bench: MetricsBench
    let port: MetricsPort
    const said: string[] = []

    beforeAll(async () => {
      bench = await makeBench()
      port = connectMetrics(bench, bench.config)
    })

    afterAll(async () => {
      if (bench !== undefined) await endWithoutSecrets(bench, said)
    })

    const none = async (query: string): Promise<string> => {
      const answer = await port.query(query, io())
      expect(answer).toMatchObject({
        kind: 'none',
        why: expect.stringMatching(/\S{2}/),
        at: expect.any(String),
      })
      return answer.kind === 'none' ? answer.why : ''
    }

    const refusal = (call: Promise<unknown>): Promise<Refusal> => refusalOf(call, said)

    it('gives one number, the moment it is for, and what the backend warned of', async () => {
      const { query, value } = bench.queries.number
      const answer = await port.query(query, io())
      expect(answer).toEqual({ kind: 'value', value, at: expect.any(String), warnings: expect.any(Array) })
      expect(Number.isNaN(Date.parse(answer.at))).toBe(false)
    })

    it('never makes a number of no data', async () => {
      expect(await none(bench.queries.empty)).not.toBe('')
    })

    when('not a number', 'never makes a number of zero by zero', async () => {
      expect(await none(given(bench.queries.notANumber, 'not a number'))).toContain('NaN')
    })

    when('infinite', 'never makes a number of an infinity', async () => {
      expect(await none(given(bench.queries.infinite, 'infinite'))).toContain('Inf')
    })

    when('several', 'never chooses among several series', async () => {
      expect(await none(given(bench.queries.several, 'several'))).toMatch(/\d+ series/)
    })

    when('wrong query', 'calls a query that the backend cannot understand Rejected', async () => {
      const wrong = given(bench.queries.wrong, 'wrong query')
      expect((await refusal(port.query(wrong, io()))).kind).toBe('Rejected')
    })

    when(
      'outage',
      'calls a backend that does not answer Unavailable, and works again when it is back',
      async () => {
        const { query, value } = bench.queries.number
        const outage = await given(bench.outage, 'outage')()
        try {
          expect((await refusal(port.query(query, io()))).kind).toBe('Unavailable')
        } finally {
          await outage.end()
        }
        const numberAgain = async (): Promise<number | null> => {
          const answer = await port.query(query, io()).catch(() => null)
          return answer?.kind === 'value' ? answer.value : null
        }
        await expect.poll(numberAgain, { timeout: PATIENCE_MS, interval: 100 }).toBe(value)
      },
    )

    when('credentials', 'calls refused credentials Denied', async () => {
      const wrong = given(bench.wrongCredentials, 'credentials')
      const intruder = connectMetrics({ ...bench, deps: wrong.deps ?? bench.deps }, wrong.config)
      expect((await refusal(intruder.query(bench.queries.number.query, io()))).kind).toBe('Denied')
    })

    it('ends at once when its signal is aborted', async () => {
      const reason = new Error('the run was told to stop')
      const { kind, error } = await refusal(
        port.query(bench.queries.number.query, { signal: AbortSignal.abort(reason) }),
      )
      expect(error === reason || kind === 'Unavailable').toBe(true)
    })
  })
}

export function connectMetrics(
  bench: Pick<MetricsBench, 'provider' | 'deps'>,
  config: JsonObject,
): MetricsPort {
  return bench.provider.connect(bench.provider.spec.config.parse(config), bench.deps)
}
