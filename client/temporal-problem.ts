// Turns what the Temporal client throws into what, why, what to do. Anything it does not know it leaves alone.
import { ServiceError, isGrpcDeadlineError, isGrpcServiceError } from '@temporalio/client'
import { NamespaceNotFoundError } from '@temporalio/common'
import { Problem } from './problem.ts'
import type { ProblemText } from './problem.ts'

const PERMISSION_DENIED = 7 // gRPC status codes: https://grpc.io/docs/guides/status-codes
const UNIMPLEMENTED = 12
const UNAVAILABLE = 14
const UNAUTHENTICATED = 16

/** A failure of the server or on the way to it. */
export class TemporalProblem extends Problem {
  /** The same request will be refused again: nothing is won by waiting. */
  readonly isFinal: boolean
  constructor({ isFinal = false, ...text }: ProblemText & { isFinal?: boolean }) {
    super(text)
    this.isFinal = isFinal
  }
}

export function temporalProblem(error: unknown): TemporalProblem | undefined {
  const cause = error instanceof ServiceError && error.cause !== undefined ? error.cause : error
  if (cause instanceof NamespaceNotFoundError) return noNamespace(cause.namespace, error)
  if (isGrpcDeadlineError(cause)) {
    return new TemporalProblem({
      what: 'the Temporal server did not answer in time',
      todo: ['try again'],
      cause: error,
    })
  }
  if (!isGrpcServiceError(cause)) return undefined
  const missing = /namespace (\S+) is not found/i.exec(cause.details)?.[1]
  if (missing !== undefined) return noNamespace(missing, error)
  switch (cause.code) {
    case UNAVAILABLE:
      return new TemporalProblem({
        what: 'the connection to the Temporal server was lost',
        why: cause.details,
        todo: ['runs go on without this command; try again when the server is back'],
        cause: error,
      })
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return new TemporalProblem({
        what: 'the Temporal server refused this request',
        why: cause.details,
        todo: [
          'check TEMPORAL_NAMESPACE, TEMPORAL_API_KEY or the client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH, ..._KEY_PATH)',
        ],
        isFinal: true,
        cause: error,
      })
    case UNIMPLEMENTED:
      return new TemporalProblem({
        what: 'what answers there is no Temporal server, or one that is too old',
        why: cause.details,
        todo: ['check TEMPORAL_ADDRESS: host:port of the gRPC frontend, often 7233'],
        isFinal: true,
        cause: error,
      })
    default:
      return new TemporalProblem({
        what: 'the Temporal server answered with an error',
        why: cause.details,
        cause: error,
      })
  }
}

function noNamespace(name: string, cause: unknown): TemporalProblem {
  return new TemporalProblem({
    what: `the Temporal server has no namespace ${name}`,
    why: 'the name is from TEMPORAL_NAMESPACE or temporal.toml; without either it is "default"',
    todo: [
      'temporal operator namespace list   shows the namespaces there are',
      'TEMPORAL_NAMESPACE=NAME ...        uses another one',
    ],
    isFinal: true,
    cause,
  })
}
