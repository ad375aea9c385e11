// HAProxy's words and the socket's errors as failure kinds. The texts are those of 2.6, verified 2026-11-21.
import { failure, kindOf } from '../../failure.ts'
import { isTold } from '../../http.ts'
import { HaproxyGone, HaproxyRefusal, NotARuntimeSocket } from './client.ts'

export interface Doing {
  /** What was tried, on what: `reading backend orders at /run/haproxy.sock`. */
  doing: string
  /** Whether it may have changed something: only then does a missing answer leave an outcome unknown. */
  writes: boolean
}

/** Returns what to throw. */
export function refused({ doing, writes }: Doing, error: unknown, signal: AbortSignal): unknown {
  if (isTold(signal)) return signal.reason
  const outcome = writes ? '; whether it came about is unknown' : ''
  if (error instanceof HaproxyRefusal) return inTheirWords(doing, error)
  if (error instanceof NotARuntimeSocket) return notASocket(doing, error)
  if (error instanceof HaproxyGone) {
    return failure(
      'Unavailable',
      `${doing}: ${error.message}, as HAProxy does while it stops or reloads${outcome}`,
    )
  }
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EACCES' || code === 'EPERM') {
    const fix = 'give the worker write permission on the socket (mode and group of `stats socket`)'
    return failure('Denied', `${doing}: the socket may not be opened (${code}); ${fix}`, { cause: error })
  }
  if (error === signal.reason) {
    return failure('Unavailable', `${doing}: no answer before the deadline${outcome}`)
  }
  const words = error instanceof Error ? error.message : String(error)
  return failure('Unavailable', `${doing}: ${words}; is HAProxy running and its socket there?`, {
    cause: error,
  })
}

function notASocket(doing: string, { message, isMaster }: NotARuntimeSocket): Error {
  const said = `${doing}: it answered "${message}"`
  if (!isMaster) {
    const ask = 'is this a `stats socket` of HAProxy, and not in prompt mode?'
    return failure('Unavailable', `${said} and did not close the connection before the deadline; ${ask}`)
  }
  const fix = 'write `master: true` beside it, or name a `stats socket` of the worker process'
  return failure(
    'Config',
    `${said}: this is the master CLI of HAProxy (option -S), which knows no weights itself; ${fix}`,
  )
}

function inTheirWords(doing: string, refusal: HaproxyRefusal): Error {
  const words = `${doing}: HAProxy said "${refusal.message}"`
  if (/permission denied/i.test(refusal.message)) {
    return failure('Denied', `${words}; the socket needs \`level admin\``)
  }
  if (/no such (?:server|backend|proxy)|can't find (?:server|backend)/i.test(refusal.message)) {
    return failure('Missing', `${words}; check backend, old and new against the running configuration`)
  }
  if (/^Proxy is disabled/i.test(refusal.message)) {
    return failure('Unavailable', `${words}; a reload has just sent this process away: looking again`)
  }
  if (/static LB algorithm/i.test(refusal.message)) {
    return failure('Rejected', `${words}; use balance roundrobin (or hash-type consistent)`)
  }
  if (refusal.message.startsWith('HTTP/')) {
    return failure(
      'Config',
      `${words}; an HTTP server listens there, not the runtime socket (\`stats socket\`)`,
    )
  }
  return failure('Rejected', words)
}

/** An error of the file system over the state file. */
export function fileRefused(doing: string, error: unknown, signal: AbortSignal): unknown {
  if (isTold(signal)) return signal.reason
  if (kindOf(error) !== null) return error
  const { code, message } = error as NodeJS.ErrnoException
  const words = `${doing} failed: ${message}`
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return failure('Denied', `${words}; the worker needs to write in its folder`, { cause: error })
  }
  return failure(code === undefined ? 'Config' : 'Unavailable', words, { cause: error })
}
