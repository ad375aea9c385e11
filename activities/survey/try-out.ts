// Tries once, without effect, what a run will need. What does not work is a failure with its kind; what merely is not so
// yet (no data of a side that nobody is served by) is a note.
import type { Client } from '@temporalio/client'
import type { Changing, Io } from '../../workflows/ports/target.ts'
import type { TrafficPort } from '../../workflows/ports/traffic.ts'
import type { Trial, TrialAnswer } from '../../workflows/trial.ts'
import type { Redact } from '../call.ts'
import { holdersOf } from '../change/claim.ts'
import type { Connector } from '../connect.ts'
import { failure } from '../failure.ts'
import type { Secrets } from '../provider.ts'
import { externalDnsOf } from './external-dns.ts'
import { tryGuard } from './guard.ts'
import { tryJourney } from './journey.ts'
import { tryPreflight } from './preflight.ts'
import { trySecrets } from './secrets.ts'

export interface TryingOut {
  connector: Connector
  secrets: Secrets
  client: Client
  redact: Redact
}

export async function tryOut(
  trial: Trial,
  { connector, secrets, client, redact }: TryingOut,
  io: Io,
): Promise<TrialAnswer> {
  const { connection } = trial
  switch (trial.what) {
    case 'secrets':
      return await trySecrets(connection.config, secrets)
    case 'guard':
      return await tryGuard(trial, connector.portOf(connection, 'metrics'), io)
    case 'journey':
      return await tryJourney(trial, { port: connector.portOf(connection, 'probe'), redact }, io)
    case 'preflight':
      return await tryPreflight(trial, connector.portOf(connection, 'preflight'), io)
    case 'notices':
      return { text: await connector.portOf(connection, 'notify').reach(io), notes: [] }
    case 'lock':
      return await tryLock(trial.locks, client)
    case 'answers':
      return await tryAnswers(trial, connector.changingOf(connection), io)
    case 'in-flight':
      return await tryDrain(trial, connector.portOf(connection, 'traffic'), io)
    case 'permission': {
      const port = connector.changingOf(connection)
      if (port.permits === undefined) return { text: '', notes: [] } // the look at the target is all there is to try
      return { text: await port.permits(trial.target, io), notes: [] }
    }
    default:
      return trial satisfies never
  }
}

/** The proof of the change, asked of what is there already. */
async function tryAnswers(
  { target, resolvers }: Extract<Trial, { what: 'answers' }>,
  port: Changing,
  io: Io,
): Promise<TrialAnswer> {
  const { value } = await port.observe(target, io)
  const [declared, proof] = await Promise.all([
    externalDnsOf(port, target, io),
    port.confirm?.({ target, desired: value, options: { resolvers } }, io),
  ])
  const notes = declared.map((words) => `${target}: ${words}`)
  if (proof === undefined) return { text: '', notes }
  const text = proof.lines.join('; ')
  return { text, notes: proof.settled ? notes : [...notes, `not alike everywhere now: ${text}`] }
}

/** Users are still there: that something is in flight now is what one expects. */
async function tryDrain(
  { connection, side }: Extract<Trial, { what: 'in-flight' }>,
  port: TrafficPort,
  io: Io,
): Promise<TrialAnswer> {
  if (port.inFlight === undefined)
    throw failure('Unsupported', `${connection.provider} cannot tell what is in flight`)
  const { count } = await port.inFlight(side, io)
  return { text: `${count} in flight now`, notes: [] }
}

async function tryLock(locks: string[], client: Client): Promise<TrialAnswer> {
  const held = await holdersOf(client, locks)
  if (held.length === 0) return { text: 'free', notes: [] }
  const runs = new Set(held.map(({ service, workflowId }) => `the run of ${service} (${workflowId})`))
  throw failure('Conflict', `it is held by ${[...runs].join(' and ')}: wait for its end, or abort it`)
}
