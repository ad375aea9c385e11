// The worker as a process of its own: what it refuses before it takes a task, that it is healthy, and how it ends.
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Connection } from '@temporalio/client'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Temporal } from '../../lab/servers/temporal.ts'
import { startTemporal } from '../../lab/servers/temporal.ts'
import type { OwnWorker } from './own-workers.ts'
import { ownWorkers } from './own-workers.ts'

const MAIN = fileURLToPath(new URL('../../worker/main.ts', import.meta.url))
const BARE_NAMESPACE = 'bare' // without search attributes
let temporal: Temporal
beforeAll(async () => {
  temporal = await startTemporal()
})
afterAll(() => temporal.server.close())

const workers = ownWorkers([MAIN])
const startWorker = (env: Record<string, string>): OwnWorker =>
  workers.start({
    TEMPORAL_ADDRESS: temporal.address,
    CUTOVER_METRICS_ADDRESS: '127.0.0.1:0',
    ...env,
  })
afterEach(() => workers.end())

it('serves its queues, says that it is healthy, shows its metrics, and ends as asked', async () => {
  const worker = startWorker({ CUTOVER_LOG: 'json' })
  const [, url] = await worker.wrote(/"endpoint":"(http:[^"]+)"/)
  const health = await fetch(`${url}/healthz`)
  expect([health.status, await health.json()]).toEqual([
    200,
    {
      isHealthy: true,
      workers: { cutover: 'RUNNING', 'cutover-watch': 'RUNNING', 'cutover-job': 'RUNNING' },
    },
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

it.each(['//', '///x', '/%', 'http://', '*', '/healthz?x=//', '\\'])(
  'answers whoever asks its endpoint for %s, and lives on',
  async (target) => {
    const worker = startWorker({ CUTOVER_LOG: 'json' })
    const [, url = ''] = await worker.wrote(/"endpoint":"(http:[^"]+)"/)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(`GET ${target} HTTP/1.1\r\nhost: worker\r\nconnection: close\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 (200|400|404) /)
    socket.destroy()
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(0)
  },
)

it('a second one on a machine is told which port is taken: named, it does not start; by default it serves runs without', async () => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const named = startWorker({ CUTOVER_METRICS_ADDRESS: `127.0.0.1:${port}` })
  expect(await named.ended).toBe(1)
  expect(named.text()).toMatch(
    new RegExp(
      `^cutover worker: metrics and health cannot be served at 127.0.0.1:${port}: port ${port} of 127.0.0.1 is in use`,
    ),
  )
  expect(named.text()).toContain('CUTOVER_METRICS_ADDRESS=host:port serves them elsewhere')
  await new Promise((resolve) => other.close(resolve))

  const [first, second] = [
    startWorker({ CUTOVER_METRICS_ADDRESS: '' }),
    startWorker({ CUTOVER_METRICS_ADDRESS: '' }),
  ]
  await Promise.all([first.wrote(/serving cutover/), second.wrote(/serving cutover/)])
  expect(first.text() + second.text()).toMatch(
    /going on without .metrics and .healthz: .* port 9469 .*in use/,
  )
  for (const worker of [first, second]) worker.signal('SIGTERM')
  expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0])
})
