// Turns what the Temporal client throws into what, why, what to do. Anything it does not know it leaves alone.
import { ServiceError, isGrpcDeadlineError, isGrpcServiceError } from '@temporalio/client'
import { Problem } from './problem.ts'

const PERMISSION_DENIED = 7 // gRPC status codes: https://grpc.io/docs/guides/status-codes
const UNAVAILABLE = 14
const UNAUTHENTICATED = 16

export function temporalProblem(error: unknown): Problem | undefined {
  const cause = error instanceof ServiceError && error.cause !== undefined ? error.cause : error
  if (isGrpcDeadlineError(cause)) {
    return new Problem({
      what: 'the Temporal server did not answer in time',
      todo: ['try again'],
      cause: error,
    })
  }
  if (!isGrpcServiceError(cause)) return undefined
  if (cause.code === UNAVAILABLE) {
    return new Problem({
      what: 'the connection to the Temporal server was lost',
      why: cause.details,
      todo: ['runs go on without this command; try again when the server is back'],
      cause: error,
    })
  }
  if (cause.code === PERMISSION_DENIED || cause.code === UNAUTHENTICATED) {
    return new Problem({
      what: 'the Temporal server refused this request',
      why: cause.details,
      todo: ['check the namespace, the API key or the client certificate'],
      cause: error,
    })
  }
  return new Problem({ what: 'the Temporal server answered with an error', why: cause.details, cause: error })
}
