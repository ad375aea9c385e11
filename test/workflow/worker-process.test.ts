// The worker as a process of its own: what it refuses before it takes a task, that it is healthy, and how it ends.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Connection } from '@temporalio/client'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Temporal } from '../../lab/servers/temporal.ts'
import { startTemporal } from '../../lab/servers/temporal.ts'

const MAIN = fileURLToPath(new URL('../../worker/main.ts', import.meta.url))
const BARE_NAMESPACE = 'bare' // without search attributes
let temporal: Temporal
beforeAll(async () => {
  temporal = await startTemporal()
})
afterAll(() => temporal.server.close())

interface WorkerProcess {
  ended: Promise<number | null>
  /** What it wrote so far. */
  text(): string
  /** Resolves when it has written something that matches. */
  wrote(pattern: RegExp): Promise<RegExpExecArray>
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

const started: WorkerProcess[] = []
afterEach(async () => {
  for (const worker of started.splice(0)) {
    worker.signal('SIGKILL')
    await worker.ended
  }
})

function startWorker(env: Record<string, string>): WorkerProcess {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'] ?? '',
      TEMPORAL_ADDRESS: temporal.address,
      CUTOVER_METRICS_ADDRESS: '127.0.0.1:0',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
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
  const worker: WorkerProcess = {
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
  started.push(worker)
  return worker
}

it('serves both queues, says that it is healthy, shows its metrics, and ends as asked', async () => {
  const worker = startWorker({ CUTOVER_LOG: 'json' })
  const [, url] = await worker.wrote(/"endpoint":"(http:[^"]+)"/)
  const health = await fetch(`${url}/healthz`)
  expect([health.status, await health.json()]).toEqual([
    200,
    { isHealthy: true, workers: { cutover: 'RUNNING', 'cutover-watch': 'RUNNING' } },
  ])
  const metrics = await (await fetch(`${url}/metrics`)).text()
  for (const name of ['holds_open 0', 'runs_stuck 0']) expect(metrics).toContain(`cutover_${name}`)
  for (const name of [
    'gate_wait_seconds',
    'step_duration_seconds',
    'weight',
    'changes_total',
    'unwinds_total',
    'abort_to_restored_seconds',
  ]) {
    expect(metrics).toContain(`# TYPE cutover_${name} `)
  }
  expect((await fetch(`${url}/anything`)).status).toBe(404)
  worker.signal('SIGTERM')
  expect(await worker.ended).toBe(0)
})

it('refuses to start where search attributes are missing, with the command that creates them', async () => {
  const connection = await Connection.connect({ address: temporal.address })
  await connection.workflowService.registerNamespace({
    namespace: BARE_NAMESPACE,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  })
  await connection.close()
  const worker = startWorker({ TEMPORAL_NAMESPACE: BARE_NAMESPACE })
  expect(await worker.ended).toBe(1)
  expect(worker.text()).toContain('CutoverPhase (Keyword) does not exist')
  expect(worker.text()).toContain(
    `temporal operator search-attribute create --address ${temporal.address} --namespace bare --name CutoverService --type Keyword`,
  )
})

it('says where it looked for Temporal when nothing answers there', async () => {
  const worker = startWorker({ TEMPORAL_ADDRESS: '127.0.0.1:1' })
  expect(await worker.ended).toBe(1)
  expect(worker.text()).toMatch(/^cutover worker: Temporal cannot be reached at 127\.0\.0\.1:1: /)
  expect(worker.text()).not.toContain('    at ')
})

it('names every wrong variable and ends with 2', async () => {
  const worker = startWorker({ CUTOVER_LOG: 'xml', CUTOVER_SHUTDOWN_GRACE: '30' })
  expect(await worker.ended).toBe(2)
  expect(worker.text()).toContain('CUTOVER_LOG="xml"')
  expect(worker.text()).toContain('CUTOVER_SHUTDOWN_GRACE="30"')
})
