// One look at one subject of a watch: asks the metrics backend or the service, and hands the answers to the judge of
// readings. A backend that does not answer is an unknown reading, never an exception; only a Bug ends the watch.
import type { Reading, Subject } from '../../workflows/activities.ts'
import type { PlannedConnection, PlannedGuard } from '../../workflows/plan.ts'
import type { MetricsPort } from '../../workflows/ports/metrics.ts'
import type { ProbePort, ProbeRequest, ProbeResult } from '../../workflows/ports/probe.ts'
import type { Io } from '../../workflows/ports/target.ts'
import { formatDuration } from '../../workflows/quantities.ts'
import { known, raced } from '../call.ts'
import { isTold } from '../http.ts'
import type { Redact } from '../call.ts'
import type { Connector } from '../connect.ts'
import type { Asked } from './reading.ts'
import { readGuard } from './reading.ts'

export interface Asking {
  portOf: Connector['portOf']
  changingOf: Connector['changingOf']
  redact: Redact
  /** For the words of an answer that never came. */
  deadlineMs: number
}

export async function look(subject: Subject, asking: Asking, io: Io & { at: string }): Promise<Reading> {
  if (subject.what === 'journey') return await lookAtJourney(subject, asking, io)
  return await lookAtGuard(subject.guard, { ...asking, connection: subject.connection }, io)
}

type AskingGuard = Asking & { connection: PlannedConnection }

async function lookAtGuard(
  guard: PlannedGuard,
  asking: AskingGuard,
  io: Io & { at: string },
): Promise<Reading> {
  const query = (side: string, text: string): Promise<Asked> =>
    asked(asking, text.replaceAll('$side', side), io)
  const [value, other, samples] = await Promise.all([
    query(guard.side, guard.query),
    guard.compare === undefined ? null : query(guard.compare.to, guard.query),
    guard.samples === undefined ? null : query(guard.side, guard.samples),
  ])
  return readGuard(guard, { value, other, samples }, io.at)
}

async function asked(asking: AskingGuard, query: string, io: Io): Promise<Asked> {
  try {
    const port: MetricsPort = asking.portOf(asking.connection, 'metrics')
    return await raced(port.query(query, io), io.signal)
  } catch (error) {
    return { kind: 'failed', why: reasonOf(error, asking, io) }
  }
}

type Journey = Extract<Subject, { what: 'journey' }>

async function lookAtJourney(journey: Journey, asking: Asking, io: Io & { at: string }): Promise<Reading> {
  const results: { request: ProbeRequest; result: ProbeResult }[] = []
  const total = journey.requests.length
  const limit = total === 1 ? 'good' : `all ${total} good`
  const shared = { subject: journey.name, at: io.at, limit, samples: null }
  let current: ProbeRequest | null = null
  try {
    const port: ProbePort = asking.portOf(journey.connection, 'probe')
    for (const request of journey.requests) {
      current = request
      const result = await raced(port.probe(request, io), io.signal)
      results.push({ request, result })
      if (!result.good) break // the next request of a journey rests on this one
    }
  } catch (error) {
    if (current !== null && isTooSlow(error, io)) {
      // The service was asked and did not get through: that is an answer about the service, as a time-out of one request is.
      const text = `${current.name}: not through within ${formatDuration(asking.deadlineMs)}, ${results.length} of ${total} requests were`
      return { ...shared, verdict: 'bad', value: asking.deadlineMs / 1_000, text }
    }
    return { ...shared, verdict: 'unknown', value: null, text: `unknown: ${reasonOf(error, asking, io)}` }
  }
  const value = results.reduce((sum, { result }) => sum + result.latencyMs, 0) / 1_000
  const bad = results.find(({ result }) => !result.good)
  if (bad) {
    const why = bad.result.problems.join(', ') || 'not as expected'
    return { ...shared, verdict: 'bad', value, text: asking.redact(`${bad.request.name}: ${why}`) }
  }
  const shallow = results.find(({ result }) => result.shallow !== null)
  const caution = shallow ? ` (shallow: ${asking.redact(shallow.result.shallow ?? '')})` : ''
  return {
    ...shared,
    verdict: 'good',
    value,
    text: `${total} of ${total} in ${formatDuration(value * 1_000)}${caution}`,
  }
}

/** The deadline of the look ended the request, not somebody who wanted the look to end. */
function isTooSlow(error: unknown, { signal }: Io): boolean {
  return signal.aborted && error === signal.reason && !isTold(signal)
}

/** Why there is no answer, in words. A broken invariant is no answer at all: it ends the watch. */
function reasonOf(error: unknown, { redact, deadlineMs }: Asking, io: Io): string {
  if (io.signal.aborted && error === io.signal.reason) return `no answer within ${formatDuration(deadlineMs)}`
  const failure = known(error, { redact, deadlineMs })
  if (failure.type === 'Bug') throw failure
  return failure.type === 'Unavailable' ? failure.message : `${failure.type}: ${failure.message}`
}
