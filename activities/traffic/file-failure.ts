// What the file system says of a file that a balancer reads, as a failure of the closed list.
import { failure, kindOf } from '../failure.ts'
import { isTold } from '../http.ts'

/** An error of the file system as one of ours. */
export function fileFailure(doing: string, error: unknown, signal: AbortSignal): unknown {
  if (isTold(signal)) return signal.reason
  if (kindOf(error) !== null) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return failure('Missing', `${doing}: there is no such file`)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const fix = 'the worker needs to read the file and to write in its folder'
    return failure('Denied', `${doing}: not permitted (${code}); ${fix}`, { cause: error })
  }
  return failure('Unavailable', `${doing}: ${message}`, { cause: error })
}
