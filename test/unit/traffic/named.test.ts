// How long a look waits for each proxy that a connection names, and what becomes of one that does not answer.
import { expect, test } from 'vitest'
import { askEach, namedProxies, unheardOf, untoldOf } from '../../../activities/traffic/named.ts'
import { failure } from '../../../activities/failure.ts'

const io = () => ({ signal: AbortSignal.timeout(4_000) })
const named = () => namedProxies('proxy', ['http://a', 'http://b'], globalThis.fetch)

/** As a proxy that has much to tell: it is busy for so long. */
function takes(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end) Math.sqrt(end)
}

test('one that is slow is waited for longer, by a whole number of milliseconds that a timer takes', async () => {
  const proxies = namedProxies('proxy', ['http://a'], globalThis.fetch)
  const patience: number[] = []
  const ask = (milliseconds: number) =>
    askEach(proxies, io(), async ({ timeoutMs }) => {
      patience.push(timeoutMs)
      takes(milliseconds)
      return {}
    })
  await ask(0.1)
  await ask(60)
  await ask(0.1)
  const [unknown = 0, quick = 0, slow = 0] = patience
  expect(unknown).toBeGreaterThan(quick)
  expect(slow).toBeGreaterThan(quick)
  for (const each of patience) expect(() => AbortSignal.timeout(each)).not.toThrow()
})

test('one that does not answer is told beside the others, and is a place of which nobody knows what it holds', async () => {
  const looks = await askEach(named(), io(), async ({ url }) => {
    if (url === 'http://a') return { served: 1 }
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    throw failure('Unavailable', 'connection refused: nothing listens there', { cause })
  })
  expect(looks[0]).toEqual({ url: 'http://a', served: 1 })
  const words = 'the proxy http://b could not be asked: connection refused: nothing listens there'
  expect(unheardOf(looks)).toEqual([words])
  expect(untoldOf(looks)).toEqual([
    {
      place: `${words}: a proxy that is gone serves nobody, one that is merely out of reach serves what it last had`,
      value: null,
      isUntold: true,
    },
  ])
})

test('who ends the call on purpose is not told that a proxy is silent', async () => {
  const stopped = new AbortController()
  stopped.abort(new Error('stopped'))
  const asking = askEach(named(), { signal: stopped.signal }, async () => {
    throw new Error('cut')
  })
  await expect(asking).rejects.toThrow('cut')
})
