// One look of a preflight: what stands in the way, what a person has accepted beforehand, and what could not be looked at.
import { ApplicationFailure } from '@temporalio/common'
import { expect, it } from 'vitest'
import type { Asking } from '../../../activities/watch/asking.ts'
import { readSubject } from '../../../activities/watch/read-subject.ts'
import type { PlannedConnection } from '../../../workflows/plan.ts'
import type { Examination, Finding } from '../../../workflows/ports/preflight.ts'
import { preflightSubject } from '../../../workflows/watched/preflight.ts'

const AT = '2026-06-01T14:00:00.000Z'
const NO_PROBE: Finding = {
  check: 'readiness',
  level: 'refuse',
  seen: 'no readinessProbe',
  why: 'it gets requests too early',
  todo: 'give it one',
}
const NO_BUDGET: Finding = { ...NO_PROBE, check: 'disruption-budget', level: 'caution', seen: 'none' }

async function lookWith(examine: () => Promise<Examination>, accepted: { [check: string]: string } = {}) {
  const subject = preflightSubject({
    connection: { name: 'home' } as PlannedConnection,
    demand: { instances: null, factor: null, drainMs: 0 },
    accepted,
    everyMs: 1_000,
    good: 1,
  })
  const asking = { portOf: () => ({ examine }), redact: (text: string) => text, deadlineMs: 50 }
  const io = { signal: AbortSignal.timeout(5_000), at: AT }
  return await readSubject(subject, asking as unknown as Asking, io)
}

const finds = (findings: Finding[]) => async () => ({ findings, fine: ['clock: agrees', 'image: v1'] })

it('is good when nothing refuses, and names what a person should know', async () => {
  expect(await lookWith(finds([NO_BUDGET]))).toEqual({
    subject: 'preflight of home',
    at: AT,
    limit: 'nothing in the way',
    samples: null,
    verdict: 'good',
    value: 0,
    text: 'nothing in the way: 2 looked at and fine; cautions: disruption-budget',
  })
})

it('is bad when something refuses, in full words', async () => {
  expect(await lookWith(finds([NO_BUDGET, NO_PROBE]))).toMatchObject({
    verdict: 'bad',
    value: 1,
    text: 'readiness: no readinessProbe; it gets requests too early; give it one',
  })
})

it('is good when what refuses is accepted under its name, and says so', async () => {
  expect(await lookWith(finds([NO_PROBE]), { readiness: 'it is asked by the balancer' })).toMatchObject({
    verdict: 'good',
    text: 'nothing in the way: 2 looked at and fine; accepted: readiness',
  })
  expect(await lookWith(finds([NO_PROBE]), { liveness: 'why' }), 'another one is not').toMatchObject({
    verdict: 'bad',
  })
})

it('is unknown when it could not look, never good', async () => {
  const denied = ApplicationFailure.nonRetryable('may not list pods', 'Denied')
  expect(await lookWith(() => Promise.reject(denied))).toMatchObject({
    verdict: 'unknown',
    text: 'unknown: Denied: may not list pods',
  })
})
