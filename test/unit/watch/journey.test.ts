// One look at a journey: what is said of the service, and what of not having been able to ask it.
import { ApplicationFailure } from '@temporalio/common'
import { expect, it } from 'vitest'
import type { Asking } from '../../../activities/watch/asking.ts'
import { readSubject } from '../../../activities/watch/read-subject.ts'
import type { ProbeRequest, ProbeResult } from '../../../workflows/ports/probe.ts'
import { journey } from './subjects.ts'

const DEADLINE_MS = 50
const AT = '2026-06-01T14:00:00.000Z'
const GOOD: ProbeResult = { good: true, status: 200, latencyMs: 10, problems: [], shallow: null }

const requests = ['log in', 'place an order', 'log out'].map((name): ProbeRequest => ({
  name,
  method: 'GET',
  path: '/',
  expect: { status: 200 },
  deep: false,
}))

async function lookWith(probe: (request: ProbeRequest) => Promise<ProbeResult>, signal?: AbortSignal) {
  const asking = { portOf: () => ({ probe }), redact: (text: string) => text, deadlineMs: DEADLINE_MS }
  const subject = { ...journey(3), requests }
  return await readSubject(subject, asking as unknown as Asking, {
    signal: signal ?? AbortSignal.timeout(DEADLINE_MS),
    at: AT,
  })
}

it('is good when every request was', async () => {
  expect(await lookWith(async () => GOOD)).toMatchObject({ verdict: 'good', text: '3 of 3 in 30ms' })
})

it('is bad when the service is too slow to get through it, and says how far it got', async () => {
  const slow = async ({ name }: ProbeRequest) =>
    name === 'log in' ? GOOD : await new Promise<never>(() => {})
  expect(await lookWith(slow)).toMatchObject({
    verdict: 'bad',
    value: DEADLINE_MS / 1_000,
    text: 'place an order: not through within 50ms, 1 of 3 requests were',
  })
})

it('is unknown when it could not be asked, or was told to stop', async () => {
  const config = ApplicationFailure.nonRetryable('secret env:KEY is not set', 'Config')
  expect(await lookWith(() => Promise.reject(config))).toMatchObject({
    verdict: 'unknown',
    text: 'unknown: Config: secret env:KEY is not set',
  })
  const stop = new AbortController()
  const told = lookWith(async () => await new Promise<never>(() => {}), stop.signal)
  stop.abort(new Error('the run was told to stop'))
  expect(await told).toMatchObject({ verdict: 'unknown' })
})
