// The worker of the scale measure as a process of its own, so that its memory and its share of the cores are its own.
// Runs live in a thread of Temporal's; Node tells of every thread that begins, which is how its heap is found.
import { subscribe } from 'node:diagnostics_channel'
import type { Worker as Thread } from 'node:worker_threads'
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker'
import { createTestWorker } from '../../worker/testing.ts'
import { deps } from '../../test/workflow/deps.ts'
import { serveFloor } from '../floor/floor.ts'

const READINGS = 8 // what a collection leaves, and not what has come since: the smallest of some readings
const READING_EVERY_MS = 250

export type Reading = {
  runsHeapBytes: number
  mainHeapBytes: number
  rssBytes: number
  /** Reading costs processor time itself: what lies between two readings is from the end of one to the begin of the other. */
  begin: Spent
  end: Spent
}
type Spent = { cpuMs: number; at: number }

const threads: Thread[] = []
subscribe('worker_threads', (message) => threads.push((message as { worker: Thread }).worker))

const [address = '', cached = '0'] = process.argv.slice(2)
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  shutdownSignals: [],
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})
const connection = await NativeConnection.connect({ address })
const worker = await createTestWorker({
  connection,
  namespace: 'default',
  deps,
  maxCachedWorkflows: Number(cached),
})

let floor: Awaited<ReturnType<typeof serveFloor>> | undefined // only when it is its turn: its threads would count

process.on('disconnect', () => process.exit(0))
process.on('message', (asked) => {
  const work = { stop, floor: bare, read }[asked as 'stop' | 'floor' | 'read']
  const answered = work().then((answer) => process.send?.(answer))
  answered.catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
})
process.send?.('ready')

async function stop(): Promise<never> {
  await Promise.all([worker.stop(), floor?.stop()])
  await connection.close()
  process.exit(0)
}

async function bare(): Promise<string> {
  floor = await serveFloor({ connection, namespace: 'default' })
  return 'ready'
}

/** A snapshot begins with a full collection; nobody reads it. */
async function collect(thread: Thread): Promise<void> {
  const snapshot = await thread.getHeapSnapshot()
  snapshot.destroy()
}

async function read(): Promise<Reading> {
  const begin = spent()
  await Promise.all(threads.map(collect))
  const smallest = { runs: Infinity, main: Infinity }
  for (let number = 0; number < READINGS; number++) {
    const heaps = await Promise.all(threads.map((thread) => thread.getHeapStatistics()))
    const runs = heaps.reduce((sum, { used_heap_size: used }) => sum + used, 0)
    smallest.runs = Math.min(smallest.runs, runs)
    smallest.main = Math.min(smallest.main, process.memoryUsage().heapUsed)
    await new Promise((resolve) => setTimeout(resolve, READING_EVERY_MS))
  }
  return {
    runsHeapBytes: smallest.runs,
    mainHeapBytes: smallest.main,
    rssBytes: process.memoryUsage().rss,
    begin,
    end: spent(),
  }
}

function spent(): Spent {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1_000, at: performance.now() }
}
