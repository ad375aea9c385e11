// What a failed call to the Temporal server means, by its kind. Anything it does not know it leaves alone.
import { ServiceError, isGrpcDeadlineError, isGrpcServiceError } from '@temporalio/client'
import { NamespaceNotFoundError } from '@temporalio/common'

const PERMISSION_DENIED = 7 // gRPC status codes: https://grpc.io/docs/guides/status-codes
const UNIMPLEMENTED = 12
const UNAVAILABLE = 14
const UNAUTHENTICATED = 16

export type ServerError =
  | { kind: 'no-namespace'; namespace: string }
  | { kind: 'late' }
  /** `details`: the server's words, or those of the connection. */
  | { kind: 'lost' | 'refused' | 'another-server' | 'failed'; details: string }

export function serverErrorOf(error: unknown): ServerError | undefined {
  const cause = error instanceof ServiceError && error.cause !== undefined ? error.cause : error
  if (cause instanceof NamespaceNotFoundError) return { kind: 'no-namespace', namespace: cause.namespace }
  if (isGrpcDeadlineError(cause)) return { kind: 'late' }
  if (!isGrpcServiceError(cause)) return undefined
  const { code, details } = cause
  const missing = /namespace (\S+) is not found/i.exec(details)?.[1]
  if (missing !== undefined) return { kind: 'no-namespace', namespace: missing }
  if (code === UNAVAILABLE) return { kind: 'lost', details }
  if (code === PERMISSION_DENIED || code === UNAUTHENTICATED) return { kind: 'refused', details }
  return { kind: code === UNIMPLEMENTED ? 'another-server' : 'failed', details }
}

/** The same request will be refused again: nothing is won by waiting. */
export function isFinal({ kind }: ServerError): boolean {
  return kind === 'no-namespace' || kind === 'refused' || kind === 'another-server'
}
