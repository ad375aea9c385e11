// HAProxy's words and the socket's errors as failure kinds. The texts are those of 2.6, verified 2026-11-21.
import { failure } from '../../failure.ts'
import { isTold } from '../../http.ts'
import { HaproxyRefusal } from './client.ts'

/** `doing`: what was tried, on what (`reading backend orders at /run/haproxy.sock`). Returns what to throw. */
export function refused(doing: string, error: unknown, signal: AbortSignal): unknown {
  if (isTold(signal)) return signal.reason
  if (error instanceof HaproxyRefusal) return inTheirWords(doing, error)
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EACCES' || code === 'EPERM') {
    const fix = 'give the worker write permission on the socket (mode and group of `stats socket`)'
    return failure('Denied', `${doing}: the socket may not be opened (${code}); ${fix}`, { cause: error })
  }
  if (error === signal.reason) {
    return failure('Unavailable', `${doing}: no answer before the deadline; whether it came about is unknown`)
  }
  const words = error instanceof Error ? error.message : String(error)
  return failure('Unavailable', `${doing}: ${words}; is HAProxy running and its socket there?`, {
    cause: error,
  })
}

function inTheirWords(doing: string, refusal: HaproxyRefusal): Error {
  const words = `${doing}: HAProxy said "${refusal.message}"`
  if (/permission denied/i.test(refusal.message)) {
    return failure('Denied', `${words}; the socket needs \`level admin\``)
  }
  if (/no such (?:server|backend|proxy)|can't find (?:server|backend)/i.test(refusal.message)) {
    return failure('Missing', `${words}; check backend, old and new against the running configuration`)
  }
  if (/static LB algorithm/i.test(refusal.message)) {
    return failure('Rejected', `${words}; use balance roundrobin (or hash-type consistent)`)
  }
  return failure('Rejected', words)
}
