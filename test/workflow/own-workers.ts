// Worker processes as an operator starts them: what they write, how they end, and that none is left behind.
import { spawn } from 'node:child_process'

export interface OwnWorker {
  ended: Promise<number | null>
  /** What it wrote so far. */
  text(): string
  /** Resolves when it has written something that matches. */
  wrote(pattern: RegExp): Promise<RegExpExecArray>
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

export interface OwnWorkers {
  start(env: Record<string, string>): OwnWorker
  /** Ends all that still run. */
  end(): Promise<void>
}

/** `program`, with its arguments, is started by this Node or by what is in `by`: another one, or how another user starts it. */
export function ownWorkers(program: string[], by: string[] = [process.execPath]): OwnWorkers {
  const started: OwnWorker[] = []
  return {
    start(env) {
      const [command = '', ...args] = [...by, ...program]
      const worker = spawned(command, args, { PATH: process.env['PATH'] ?? '', ...env })
      started.push(worker)
      return worker
    },
    async end() {
      for (const worker of started.splice(0)) {
        worker.signal('SIGKILL')
        await worker.ended
      }
    },
  }
}

function spawned(command: string, args: string[], env: Record<string, string>): OwnWorker {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  const heard = new EventTarget()
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    heard.dispatchEvent(new Event('text'))
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      resolve(code)
      heard.dispatchEvent(new Event('text'))
    })
  })
  return {
    ended,
    text: () => text,
    wrote: async (pattern) => {
      for (;;) {
        const found = pattern.exec(text)
        if (found !== null) return found
        if (child.exitCode !== null)
          throw new Error(`the worker ended with ${child.exitCode} and wrote: ${text}`)
        await new Promise((resolve) => heard.addEventListener('text', resolve, { once: true }))
      }
    },
    signal: (name) => void child.kill(name),
  }
}
