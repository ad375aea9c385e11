// Ends what an executable started when the worker dies, however it dies: an order that nobody waits for any more must not be
// carried out a minute after the run was restored. The kernel's own means (PDEATHSIG) ends one process and not its children.
import { type ChildProcess, spawn } from 'node:child_process'
import { failure } from '../failure.ts'

const SHELL = '/bin/sh'
// It waits on a pipe whose other end only the worker holds. A second line means that the call is over; the end of the pipe
// without one means that the worker is gone.
const WAIT = `trap '' TERM INT HUP; read -r group || exit 0; read -r over || kill -KILL "-$group"`

export interface Watchdog {
  /** From now on this process group ends with the worker. To be called before the executable is given anything to do. */
  guard(group: number): void
  /** The call is over; what was left running on purpose may stay. */
  dismiss(): void
}

/** Raises Config where it cannot be started: without it an executable could outlive the worker. */
export async function startWatchdog(): Promise<Watchdog> {
  // A session of its own: a signal to the worker's group must not end the one that watches it.
  const child = spawn(SHELL, ['-c', WAIT], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await started(child)
  child.unref()
  child.stdin?.on('error', () => {}) // somebody ended it: the call goes on under its own time limit
  return {
    guard: (group) => void child.stdin?.write(`${group}\n`),
    dismiss: () => void child.stdin?.end('over\n'),
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isShort = error.code === 'EAGAIN' || error.code === 'ENOMEM' || error.code === 'EMFILE'
      const message = `${SHELL} could not be started (${error.code}): it is what ends executables when the worker dies`
      reject(failure(isShort ? 'Unavailable' : 'Config', message, { cause: error }))
    })
  })
}
