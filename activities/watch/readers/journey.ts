// Reads a journey: makes its requests of the service, one after the other.
import type { ProbePort, ProbeRequest, ProbeResult } from '../../../workflows/ports/probe.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { formatDuration } from '../../../workflows/quantities.ts'
import { raced } from '../../call.ts'
import { isTold } from '../../http.ts'
import { reasonOf } from '../asking.ts'
import { defineReader } from '../reader.ts'

export const journeyReader = defineReader<'journey'>(async (subject, asking, io) => {
  const results: { request: ProbeRequest; result: ProbeResult }[] = []
  const total = subject.requests.length
  const limit = total === 1 ? 'good' : `all ${total} good`
  const shared = { subject: subject.name, at: io.at, limit, samples: null }
  let current: ProbeRequest | null = null
  try {
    const port: ProbePort = asking.portOf(subject.connection, 'probe')
    for (const request of subject.requests) {
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
})

/** The deadline of the look ended the request, not somebody who wanted the look to end. */
function isTooSlow(error: unknown, { signal }: Io): boolean {
  return signal.aborted && error === signal.reason && !isTold(signal)
}
