// A namespace that forgets ended histories after seconds: a run outlives its own beginnings, and what looks at one that is
// forgotten says so.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkflowHandle } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWorld } from '../../activities/sim/world.ts'
import { connect } from '../../client/temporal.ts'
import type { OpenAccess } from '../../client/command.ts'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type Lab, startLab } from '../../lab/lab.ts'
import { createNamespace } from '../../lab/servers/temporal-cluster.ts'
import { type Cli, cliWith } from '../../lab/stage/cli.ts'
import { until } from '../../lab/until.ts'
import type { RunView } from '../../view/model.ts'
import { type TestWorker, createTestWorker } from '../../worker/testing.ts'
import { approve, workflowIdOf } from '../../workflows/messages.ts'
import { deps } from '../workflow/deps.ts'

const NAMESPACE = 'brief'
const RETENTION = '3s' // as short as a cluster lets anybody choose
const FORGOTTEN_MS = 60_000 // the server deletes when it comes to it
const TEST_MS = 180_000
const AT_ONCE = 10 // messages

let lab: Lab
let worker: TestWorker
let connection: NativeConnection
let access: OpenAccess
let cli: Cli
let folder: Folder
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const dynamicConfig = join(import.meta.dirname, 'brief.yaml')
  lab = await startLab({ only: ['temporal'], also: ['temporalDatabase'], temporal: { dynamicConfig } })
  const { temporal } = lab.addresses
  await createNamespace(temporal, { namespace: NAMESPACE, retention: RETENTION })
  const environment = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: NAMESPACE }
  connection = await NativeConnection.connect({ address: temporal.address })
  worker = await createTestWorker({ connection, namespace: NAMESPACE, deps })
  access = await connect({ ...process.env, ...environment })
  cli = cliWith(environment)
  folder = createFolder('retention')
})
afterAll(async () => {
  await cli?.end()
  await worker?.stop()
  await access?.close()
  await connection?.close()
  await lab?.stop()
  folder?.remove()
})

it(
  'a run whose first histories are forgotten is shown, reported and aborted as any other',
  async () => {
    const { world, before, first, handle } = await started('outlived')
    await renewed(handle, { from: first, times: 2 })
    await forgotten('outlived', first)
    for (const named of [[], ['--run', first], ['--run', first.slice(0, 8)]]) {
      const view = await cli.json<RunView>(['status', 'outlived', ...named])
      expect(view).toMatchObject({ phase: 'holding', stale: null, startedBy: 'maria' })
    }
    const view = await shown('outlived')
    expect(view.log.map(({ text }) => text)).toContain('started by maria')
    const report = await cli.run(['report', 'outlived', '-o', 'json'])
    expect(report.code, report.stderr).toBe(0)
    const aborted = await cli.run(['abort', 'outlived', '--reason', 'enough', '--run', first, '--wait'])
    expect(aborted.code, aborted.stdout + aborted.stderr).toBe(3)
    expect(world.snapshot()).toBe(before)
  },
  TEST_MS,
)

it(
  'a run that has ended and is forgotten is said not to be there, and leaves the service free',
  async () => {
    const { world, before, first } = await started('forgotten')
    const aborted = await cli.run(['abort', 'forgotten', '--reason', 'enough', '--wait'])
    expect(aborted.code, aborted.stderr).toBe(3)
    await forgotten('forgotten', first)
    for (const verb of [['status'], ['report'], ['abort', '--reason', 'again']]) {
      const said = await cli.run([...verb.slice(0, 1), 'forgotten', ...verb.slice(1)])
      expect(said.code, said.stdout).toBe(1)
      expect(said.stderr).toMatch(/there is no run of forgotten/)
      expect(said.stderr).toMatch(/which keeps those that have ended for 3s/)
    }
    await started('forgotten')
    expect(world.snapshot()).not.toBe(before)
  },
  TEST_MS,
)

it(
  'a plan is started by its digest after what was looked at for it is forgotten',
  async () => {
    const file = written('planned')
    const { digest } = await cli.json<{ digest: string }>(['plan', file])
    await until('the look of the plan is forgotten', async () => (await closedCount()) === 0, FORGOTTEN_MS)
    const said = await cli.run(['start', file, '--plan', digest, '--as', 'maria'])
    expect(said.code, said.stdout + said.stderr).toBe(0)
  },
  TEST_MS,
)

type Started = { world: ReturnType<typeof openWorld>; before: string; first: string; handle: WorkflowHandle }

async function started(service: string): Promise<Started> {
  const world = openWorld(service)
  const file = written(service)
  await cli.run(['plan', file]) // looked at, and so there
  const before = world.snapshot()
  const { runId } = await cli.json<{ runId: string }>(['start', file, '--yes', '--as', 'maria'])
  const handle = access.client.workflow.getHandle(workflowIdOf(service))
  await until(`${service} holds`, async () => (await shown(service)).phase === 'holding')
  return { world, before, first: runId, handle }
}

const shown = (service: string) => cli.json<RunView>(['status', service])

function written(service: string): string {
  const path = join(folder.path, `${service}.yaml`)
  writeFileSync(
    path,
    `cutover: v1
service: ${service}
connections:
  edge: { provider: traffic/sim, world: ${service}, rate: 100/s }
steps:
  - canary: { connection: edge, weights: [50%], hold: 1h, samples: 0, unwatched: a test of the server }
`,
  )
  return path
}

/** By messages that are refused: each is an event. */
async function renewed(handle: WorkflowHandle, { from, times }: { from: string; times: number }) {
  const seen = new Set([from])
  await until(
    `${handle.workflowId} begins ${times} new histories`,
    async () => {
      const said = { actor: 'somebody', gate: 'nonsense', reason: 'a test' }
      await Promise.all(Array.from({ length: AT_ONCE }, () => handle.signal(approve, said)))
      seen.add((await handle.describe()).runId)
      return seen.size > times
    },
    FORGOTTEN_MS,
  )
}

async function forgotten(service: string, runId: string): Promise<void> {
  const handle = access.client.workflow.getHandle(workflowIdOf(service), runId)
  const isGone = async () =>
    await handle.describe().then(
      () => false,
      (error: Error) => error.name === 'WorkflowNotFoundError',
    )
  await until(`the server has forgotten ${runId}`, isGone, FORGOTTEN_MS)
}

async function closedCount(): Promise<number> {
  return (await access.client.workflow.count('ExecutionStatus != "Running"')).count
}
