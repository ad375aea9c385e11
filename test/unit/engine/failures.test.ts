// What a call failed with, read from failures in the form in which a Temporal server sends them: every time-out says what was last seen.
import { DefaultFailureConverter, type ProtoFailure, defaultPayloadConverter } from '@temporalio/common'
import { describe, expect, test } from 'vitest'
import { failedWith } from '../../../workflows/run/failures.ts'

type Sent = ProtoFailure

const payloads = (value: unknown) => ({ payloads: [defaultPayloadConverter.toPayload(value)] })
const application = (type: string, message: string): Sent => ({
  message,
  source: 'TypeScriptSDK',
  applicationFailureInfo: { type },
})

/** The types of the protocol: 1 start to close, 2 schedule to start, 3 schedule to close, 4 heartbeat. */
function timeout(timeoutType: 1 | 2 | 3 | 4, more: { cause?: Sent; heartbeat?: unknown } = {}): Sent {
  const { cause, heartbeat } = more
  return {
    message: 'activity timeout',
    source: 'Server',
    ...(cause === undefined ? {} : { cause }),
    timeoutFailureInfo: {
      timeoutType,
      ...(heartbeat === undefined ? {} : { lastHeartbeatDetails: payloads(heartbeat) }),
    },
  }
}

function failed(cause: Sent): ReturnType<typeof failedWith> {
  const sent: Sent = {
    message: 'activity failed',
    cause,
    activityFailureInfo: { activityType: { name: 'confirm' }, activityId: '1', retryState: 3 },
  }
  return failedWith(new DefaultFailureConverter().failureToError(sent, defaultPayloadConverter))
}

const LINES = ['authoritative 10.0.0.53: 60 s 192.0.2.20', 'authoritative 2001:db8::53: gave no answer']
const SEEN =
  'not in time: authoritative 10.0.0.53: 60 s 192.0.2.20; authoritative 2001:db8::53: gave no answer'

describe('a time-out', () => {
  test('of a proof says what its last look saw', () => {
    expect(failed(timeout(3, { cause: application('NotYet', LINES.join('; ')) }))).toEqual({
      kind: 'Timeout',
      message: SEEN,
      details: null,
    })
  })

  test('whose last attempt left no failure says what it saw at its last heartbeat', () => {
    const heartbeat = { memory: null, lines: LINES }
    for (const type of [1, 3, 4] as const) expect(failed(timeout(type, { heartbeat })).message).toBe(SEEN)
  })

  test('of a look or a write names the kind and the words of its last failure', () => {
    const cause = application('Unavailable', 'reading backend orders at 10.0.0.1: connection refused')
    expect(failed(timeout(3, { cause })).message).toBe(
      'not in time: Unavailable: reading backend orders at 10.0.0.1: connection refused',
    )
  })

  test('behind a time-out is looked through', () => {
    const cause = timeout(1, { cause: application('NotYet', 'nothing yet') })
    expect(failed(timeout(3, { cause })).message).toBe('not in time: nothing yet')
    expect(failed(timeout(3, { cause: timeout(4), heartbeat: { lines: LINES } })).message).toBe(SEEN)
  })

  test.each([
    [1, 'not in time: the worker did not answer while the call ran'],
    [2, 'not in time: no worker took it'],
    [3, 'not in time: nothing was answered until then'],
    [4, 'not in time: the worker that ran it has fallen silent'],
  ] as const)('that nothing is known of says which one it was: %i', (type, message) => {
    expect(failed(timeout(type))).toEqual({ kind: 'Timeout', message, details: null })
  })

  test('with a heartbeat of another form says no more than it knows', () => {
    for (const heartbeat of [null, 'lines', { lines: [] }, { requests: 3 }]) {
      expect(failed(timeout(4, { heartbeat })).message).toMatch(/fallen silent$/)
    }
  })
})

test('a proof that was not retried any more is a time-out too', () => {
  expect(failed(application('NotYet', LINES.join('; '))).message).toBe(SEEN)
})

test('other failures keep their kind, their words and what they found', () => {
  const sent = application('Conflict', 'was changed')
  sent.applicationFailureInfo = { type: 'Conflict', details: payloads({ found: 1, writer: null }) }
  expect(failed(sent)).toEqual({
    kind: 'Conflict',
    message: 'was changed',
    details: { found: 1, writer: null },
  })
  expect(failed(application('Unheard', 'of'))).toMatchObject({ kind: 'Bug', message: 'of' })
})
