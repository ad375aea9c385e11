// Reads requests in flight: what a side of an edge has not finished yet.
import { failure } from '../../failure.ts'
import { raced } from '../../call.ts'
import { reasonOf } from '../asking.ts'
import { defineReader } from '../reader.ts'

const TEXT_MAX = 300 // a side may have a hundred servers

export const inFlightReader = defineReader<'in-flight'>(async (subject, asking, io) => {
  const { name, side, most } = subject
  const shared = {
    subject: name,
    at: io.at,
    limit: most === 0 ? 'nothing' : `at most ${most}`,
    samples: null,
  }
  try {
    const port = asking.portOf(subject.connection, 'traffic')
    if (port.inFlight === undefined)
      throw failure('Unsupported', `${subject.connection.provider} cannot tell what is in flight`)
    const { count, lines } = await raced(port.inFlight(side, io), io.signal)
    const each = count === 0 || lines.length < 2 ? '' : `: ${shortened(lines.join(', '))}`
    const text = asking.redact(`${count === 0 ? 'nothing' : count} in flight${each}`)
    return { ...shared, verdict: count <= most ? 'good' : 'bad', value: count, text }
  } catch (error) {
    return { ...shared, verdict: 'unknown', value: null, text: `unknown: ${reasonOf(error, asking, io)}` }
  }
})

function shortened(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`
}
