// The worst kind of outage: a server that listens, accepts and says nothing. Its process is stopped in its tracks, by id,
// and goes on when the outage ends.
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 5
const STOP_MS_MAX = 5_000 // a busy machine takes milliseconds; a process that does not stop must not be waited for forever

/** Resolves when no thread of the process runs any more: a signal sent is not yet a process stopped. */
export async function freeze(pid: number | undefined): Promise<{ end(): Promise<void> }> {
  if (pid === undefined) throw new Error('the server to be frozen is not running')
  process.kill(pid, 'SIGSTOP')
  const deadline = Date.now() + STOP_MS_MAX
  while (isRunning(pid) && Date.now() < deadline) await sleep(LOOK_MS)
  return { end: async () => void process.kill(pid, 'SIGCONT') }
}

function isRunning(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.some(
      (thread) => !/\) [Tt] /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')),
    )
  } catch {
    return false // no /proc on this system, or a thread that has just ended: the next call will tell
  }
}
