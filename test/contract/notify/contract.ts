// The one behaviour suite of every notify provider, real or simulated: a notice arrives, once, or the call fails.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deps, Provider } from '../../../activities/provider.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { Notice, NotifyPort } from '../../../workflows/ports/notify.ts'
import { casesWithout, given } from '../applicable.ts'
import { io } from '../changing.ts'
import { type Refusal, endWithoutSecrets, refusalOf } from '../said.ts'

export interface NotifyBench {
  provider: Provider<'notify'>
  config: JsonObject
  deps: Deps & { lines?: string[] }
  /** What has arrived so far, as a receiver that drops repeated keys sees it: one text per notice. */
  arrived(): Promise<string[]>
  /** The receiver stops answering. */
  outage?(): Promise<{ end(): Promise<void> }>
  /** A configuration (and secrets) the receiver refuses as not allowed. */
  wrongCredentials?: { config: JsonObject; deps?: Deps & { lines?: string[] } }
  /** Must appear in no message or log. */
  secrets: string[]
  end(): Promise<void>
}

type Needed = 'outage' | 'credentials'

export function notifyContract(
  name: string,
  makeBench: () => Promise<NotifyBench>,
  without: readonly Needed[] = [],
): void {
  const when = casesWithout(without)
  describe(`${name} keeps the contract of notices`, () => {
    let bench: NotifyBench
    let port: NotifyPort
    const said: string[] = []

    beforeAll(async () => {
      bench = await makeBench()
      port = connectNotify(bench, bench.config)
    })

    afterAll(async () => {
      if (bench !== undefined) await endWithoutSecrets(bench, said)
    })

    const refusal = (call: Promise<unknown>): Promise<Refusal> => refusalOf(call, said)

    it('delivers title and text, and the same key is the same notice', async () => {
      const before = (await bench.arrived()).length
      await port.send(notice('approve-3/asked'), io())
      await port.send(notice('approve-3/asked'), io())
      await port.send(notice('approve-4/asked'), io())
      const arrived = (await bench.arrived()).slice(before)
      expect(arrived).toHaveLength(2)
      for (const text of arrived) {
        for (const part of ['orders', 'approval is asked', 'canary at 25%']) expect(text).toContain(part)
      }
    })

    it('can be tried without telling anybody anything', async () => {
      const before = await bench.arrived()
      const words = await port.reach(io())
      said.push(words)
      expect(words).not.toBe('')
      expect(await bench.arrived()).toEqual(before)
    })

    it('bounds what it sends', async () => {
      const before = (await bench.arrived()).length
      await port.send({ ...notice('long'), text: 'x'.repeat(1_000_000) }, io())
      const [text] = (await bench.arrived()).slice(before)
      expect(text?.length).toBeLessThan(20_000)
    })

    when('outage', 'calls a receiver that does not answer Unavailable', async () => {
      const outage = await given(bench.outage, 'outage')()
      try {
        expect((await refusal(port.send(notice('outage'), io()))).kind).toBe('Unavailable')
        expect((await refusal(port.reach(io()))).kind).toBe('Unavailable')
      } finally {
        await outage.end()
      }
    })

    when('credentials', 'calls refused credentials Denied', async () => {
      const wrong = given(bench.wrongCredentials, 'credentials')
      const intruder = connectNotify({ ...bench, deps: wrong.deps ?? bench.deps }, wrong.config)
      expect((await refusal(intruder.send(notice('wrong'), io()))).kind).toBe('Denied')
    })

    it('ends at once when its signal is aborted, and nothing arrives', async () => {
      const before = await bench.arrived()
      const reason = new Error('the run was told to stop')
      await expect(port.send(notice('aborted'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      expect(await bench.arrived()).toEqual(before)
    })
  })
}

export function connectNotify(bench: Pick<NotifyBench, 'provider' | 'deps'>, config: JsonObject): NotifyPort {
  return bench.provider.connect(bench.provider.spec.config.parse(config), bench.deps)
}

export function notice(key: string): Notice {
  return { key, service: 'orders', title: 'approval is asked', text: 'canary at 25%', level: 'ask' }
}
