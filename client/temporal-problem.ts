// Turns what the Temporal client throws into what, why, what to do. Anything it does not know it leaves alone.
import { type ServerError, isFinal, serverErrorOf } from '../view/server-error.ts'
import { Problem } from './problem.ts'
import type { ProblemText } from './problem.ts'

/** A failure of the server or on the way to it. */
export class TemporalProblem extends Problem {
  /** The same request will be refused again: nothing is won by waiting. */
  readonly isFinal: boolean
  constructor({ isFinal: final, ...text }: ProblemText & { isFinal: boolean }) {
    super(text)
    this.isFinal = final
  }
}

export function temporalProblem(error: unknown): TemporalProblem | undefined {
  const found = serverErrorOf(error)
  return found && new TemporalProblem({ ...textOf(found), isFinal: isFinal(found), cause: error })
}

function textOf(error: ServerError): ProblemText {
  switch (error.kind) {
    case 'no-namespace':
      return {
        what: `the Temporal server has no namespace ${error.namespace}`,
        why: 'the name is from TEMPORAL_NAMESPACE or temporal.toml; without either it is "default"',
        todo: [
          'temporal operator namespace list   shows the namespaces there are',
          'TEMPORAL_NAMESPACE=NAME ...        uses another one',
        ],
      }
    case 'late':
      return { what: 'the Temporal server did not answer in time', todo: ['try again'] }
    case 'lost':
      return {
        what: 'the connection to the Temporal server was lost',
        why: error.details,
        todo: ['runs go on without this command; try again when the server is back'],
      }
    case 'refused':
      return {
        what: 'the Temporal server refused this request',
        why: error.details,
        todo: [
          'check TEMPORAL_NAMESPACE, TEMPORAL_API_KEY or the client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH, ..._KEY_PATH)',
        ],
      }
    case 'another-server':
      return {
        what: 'what answers there is no Temporal server, or one that is too old',
        why: error.details,
        todo: ['check TEMPORAL_ADDRESS: host:port of the gRPC frontend, often 7233'],
      }
    case 'failed':
      return { what: 'the Temporal server answered with an error', why: error.details }
    default:
      return error satisfies never
  }
}
