// One dev server per state file: two that write to one file would carry out each other's runs. Who has it stands in a file beside it.
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { Problem } from './problem.ts'

const STARTS_WITHIN_MS = 30_000 // a server that has not answered on its port by then is none

type Holder = { pid: number; port: number }

/** Claims the state file and gives how to let it go. `answers`: whether a server listens on a port of this machine. */
export async function claimStateFile(
  file: string,
  { port, answers }: { port: number; answers: (port: number) => Promise<boolean> },
): Promise<() => Promise<void>> {
  const beside = `${file}.in-use`
  const mine: Holder = { pid: process.pid, port }
  for (;;) {
    try {
      await writeFile(beside, JSON.stringify(mine), { flag: 'wx' })
      return async () => await rm(beside, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(file, error as Error)
    }
    const holder = await holderIn(beside)
    if (holder !== null && ((await answers(holder.port)) || (await isStarting(beside, holder))))
      throw inUse(file, holder.port)
    await rm(beside, { force: true })
  }
}

async function holderIn(path: string): Promise<Holder | null> {
  try {
    const { pid, port } = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>
    return typeof pid === 'number' && typeof port === 'number' ? { pid, port } : null
  } catch {
    return null // gone by now, or cut short: nobody's
  }
}

/**
 * It does not answer yet. The process alone says nothing: a server outlives a command that was killed, and ids are used again,
 * after the restart of a container even at once.
 */
async function isStarting(path: string, { pid }: Holder): Promise<boolean> {
  if (pid === process.pid || !isAlive(pid)) return false
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Number.POSITIVE_INFINITY, // gone by now
  )
  return age < STARTS_WITHIN_MS
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // somebody else's, but there
  }
}

function inUse(file: string, port: number): Problem {
  return new Problem({
    what: `${file} is in use by the dev server on port ${port}`,
    why: 'two servers on one file would carry out the same runs',
    todo: [
      `cutover worker --address 127.0.0.1:${port}   adds a worker to that server`,
      'cutover dev --port N --db FILE             starts one with a state of its own',
      `${file}.in-use may be removed when no such server runs`,
    ],
  })
}

function unwritable(file: string, cause: Error): Problem {
  return new Problem({
    what: `the state of the dev server cannot be kept in ${file}`,
    why: cause.message,
    todo: ['cutover dev --db FILE   keeps it elsewhere'],
    cause,
  })
}
