// Runs that move traffic and are watched by nothing but their proofs, on a Temporal and a worker of their own: for suites that look at
// who was moved, and at what a run says of it.
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker'
import type { Deps } from '../../../activities/provider.ts'
import { checkRunbook } from '../../../client/runbook/load.ts'
import { startRun } from '../../../client/run/start.ts'
import { startTemporal } from '../../../lab/servers/temporal.ts'
import { until } from '../../../lab/until.ts'
import { bareDeps, createTestWorker } from '../../../worker/testing.ts'
import type { cutover } from '../../../workflows/cutover.ts'
import { abort, state as stateQuery, workflowIdOf } from '../../../workflows/messages.ts'
import type { RunState } from '../../../workflows/run/state.ts'

const PHASE_MS_MAX = 150_000 // three proofs, on cores that others use

export interface Runs {
  begin(runbook: { service: string; hold: string; connections: object }): Promise<Run>
  end(): Promise<void>
}

export interface Run {
  state(): Promise<RunState>
  /** Resolves once it is so; fails when the run goes back unasked. */
  reaches(what: string, isSo: (state: RunState) => boolean): Promise<void>
  abort(): Promise<void>
  outcome(): Promise<string>
}

export async function openRuns(deps: Partial<Deps> = {}): Promise<Runs> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
  const temporal = await startTemporal()
  const connection = await NativeConnection.connect({ address: temporal.address })
  const { namespace, address } = temporal
  const worker = await createTestWorker({ connection, namespace, deps: { ...bareDeps(), ...deps } })
  const client = new Client({ connection, namespace })
  return {
    begin: async (of) => {
      const { plan, problems } = await checkRunbook(JSON.stringify(runbook(of)), { file: 'runs.yaml' })
      if (plan === undefined) throw new Error(JSON.stringify(problems))
      await startRun({ client, address, namespace }, plan, { actor: 'maria', despite: [] })
      return runOf(client, plan.service)
    },
    end: async () => {
      await worker.stop()
      await connection.close()
      await temporal.server.close()
    },
  }
}

/** Nothing watches it but the proofs: what is asked here is who is moved. */
function runbook({ service, hold, connections }: { service: string; hold: string; connections: object }) {
  const moving = {
    connection: Object.keys(connections),
    samples: 200,
    tolerance: '5%',
    unwatched: 'the test does',
  }
  return {
    cutover: 'v1',
    service,
    drain: '1s',
    connections,
    steps: [{ canary: { ...moving, weights: ['25%', '50%'], hold: '1s' } }, { switch: { ...moving, hold } }],
  }
}

function runOf(client: Client, service: string): Run {
  const handle = client.workflow.getHandle<typeof cutover>(workflowIdOf(service))
  const state = async () => (await handle.query(stateQuery)).state
  return {
    state,
    async reaches(what, isSo) {
      let last: RunState | null = null
      const look = async () => isSo((last = await state()))
      await until(what, look, PHASE_MS_MAX).catch((error: unknown) => {
        throw new Error(`${String(error)}; it says ${lastWords(last)}`)
      })
    },
    abort: () => handle.signal(abort, { actor: 'maria', reason: 'the test' }),
    outcome: async () => (await handle.result()).outcome,
  }
}

function lastWords(state: RunState | null): string {
  if (state === null) return 'nothing'
  const { phase, weights, steps, log, gates } = state
  return JSON.stringify({ phase, weights, notes: steps.map(({ notes }) => notes), log: log.slice(-5), gates })
}
