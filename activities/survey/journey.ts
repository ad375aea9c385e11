// Makes the requests of a journey that have no effect, once. A POST may have one and is left out, with all that rests on it.
import type { ProbePort } from '../../workflows/ports/probe.ts'
import type { Io } from '../../workflows/ports/target.ts'
import type { Trial, TrialAnswer } from '../../workflows/trial.ts'
import type { Redact } from '../call.ts'
import { failure } from '../failure.ts'

type Asking = { port: ProbePort; redact: Redact }

/** Raises `Rejected` where nothing will come before the journey that could make it good, and what the port raises. */
export async function tryJourney(
  { requests, isFirst }: Extract<Trial, { what: 'journey' }>,
  { port, redact }: Asking,
  io: Io,
): Promise<TrialAnswer> {
  for (const [index, request] of requests.entries()) {
    if (request.method === 'POST') {
      const rest = requests.slice(index).map(({ name }) => name)
      return {
        text: index === 0 ? '' : `${index} of ${requests.length} good, the rest was not tried`,
        notes: [`not tried, it may have an effect: ${rest.join(', ')}`],
      }
    }
    const result = await port.probe(request, io)
    if (result.good) continue
    const words = redact(`${request.name}: ${result.problems.join(', ') || 'not as expected'}`)
    if (isFirst) throw failure('Rejected', words)
    return { text: words, notes: [`not good now: ${words}`] }
  }
  return { text: `${requests.length} of ${requests.length} good`, notes: [] }
}
