// What a call that failed says of itself: only one that may have written has an outcome to be unknown, and a port that cannot
// be connected to is no outage.
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { describe, expect, it } from 'vitest'
import { called, raced } from '../../../activities/call.ts'
import { applyTo } from '../../../activities/change/look.ts'
import { exchange } from '../../../activities/http.ts'
import type { Changing } from '../../../workflows/ports/target.ts'

const never = (): Promise<never> => new Promise(() => {})

/** What comes of a write in the frame of an activity whose I/O may take 40 ms. */
async function applied(port: Changing): Promise<string> {
  const environment = new MockActivityEnvironment(
    { startToCloseTimeoutMs: 50 },
    { logger: new DefaultLogger('ERROR') },
  )
  const request = { target: 'split', desired: { old: 75, new: 25 }, expected: { old: 100, new: 0 } }
  const options = { redact: (text: string) => text, cancellable: false }
  const call = environment.run(() => called(options, (io) => applyTo(port, request, io)))
  return (call as Promise<unknown>).then(
    () => 'done',
    (error: unknown) => (error as Error).message,
  )
}

describe('a call without an answer', () => {
  it('says nothing of a write while it has only looked', async () => {
    expect(await applied({ observe: never, write: never })).toBe('no answer within 40ms')
  })

  it('says that the outcome is unknown once it may have written', async () => {
    const observe = async () => ({ value: { old: 100, new: 0 } })
    expect(await applied({ observe, write: never })).toBe(
      'no answer within 40ms; the outcome of a write is unknown',
    )
  })

  it('that is begun when its time is over already fails, and its own failure ends no process', async () => {
    const unheard: unknown[] = []
    const hear = (error: unknown) => void unheard.push(error)
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', hear)
    try {
      const begun = raced(Promise.reject(new Error('too late')), AbortSignal.abort(new Error('over')))
      await expect(begun).rejects.toThrow('over')
      await new Promise((resolve) => setImmediate(resolve))
      expect(unheard).toEqual([])
    } finally {
      process.off('unhandledRejection', hear)
      for (const other of others) process.on('unhandledRejection', other)
    }
  })

  it('names a port that fetch never connects to', async () => {
    const call = {
      what: 'asking it',
      url: 'http://127.0.0.1:6000/?key=hidden',
      init: { method: 'GET', headers: {} },
    }
    const asked = exchange(fetch, {
      ...call,
      signal: AbortSignal.timeout(1_000),
      timeoutMs: 500,
      bytesMax: 10,
    })
    await expect(asked).rejects.toMatchObject({
      type: 'Config',
      message:
        'asking it: port 6000 is one of those that no HTTP client of this kind connects to (https://fetch.spec.whatwg.org/#port-blocking); let the server listen on another one',
    })
  })
})
