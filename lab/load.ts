// A load generator in a process of its own: start it, read it as often as you like, stop it for the final count.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoadCommand, LoadOptions, LoadReport } from './load/protocol.ts'
import { recordProcess } from './records.ts'

export type { LoadOptions, LoadReport, LoadTarget } from './load/protocol.ts'

const program = fileURLToPath(new URL('load/main.ts', import.meta.url))

export type Load = {
  read(): Promise<LoadReport>
  /** Sends no more, waits for what is in flight, ends the process. Safe to call twice. */
  stop(): Promise<LoadReport>
}

/** Requests leave when this resolves. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const child = fork(program, [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  const forget = child.pid === undefined ? () => {} : recordProcess(child.pid)
  const ended = once(child, 'exit').then(() => {
    forget()
    throw new Error('the load generator has ended')
  })
  ended.catch(() => {}) // told to whoever asks
  let asked: Promise<unknown> = Promise.race([once(child, 'message'), ended])
  const ask = (command: LoadCommand): Promise<LoadReport> => {
    // One question at a time: answers carry no number.
    const answer = asked.then(async () => {
      child.send(command)
      const [report] = (await Promise.race([once(child, 'message'), ended])) as [LoadReport]
      return report
    })
    asked = answer.catch(() => {})
    return answer
  }
  await asked
  let stopped: Promise<LoadReport> | undefined
  return {
    read: () => stopped ?? ask('read'),
    stop: () => (stopped ??= ask('stop')),
  }
}
