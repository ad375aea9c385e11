// One run as the measures need it: begun from a runbook's text, brought to its hold, asked where it stands.
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client'
import { startRun } from '../../client/run/start.ts'
import { checkRunbook } from '../../client/runbook/load.ts'
import { until } from '../../lab/until.ts'
import { abort, state, workflowIdOf } from '../../workflows/messages.ts'
import type { RunState } from '../../workflows/run/state.ts'
import type { cutover } from '../../workflows/cutover.ts'
import { type Moments, momentsOf } from './moments.ts'

const HOLDING_MS_MAX = 60_000 // a hundred starts at once on two cores; more is a fault
const END_MS_MAX = 60_000 // as above, for going back

export type BenchRun = {
  service: string
  handle: WorkflowHandleWithFirstExecutionRunId<typeof cutover>
  state(): Promise<RunState>
  /** Resolves once the wanted weight of the new side is held. */
  holds(weight: number): Promise<void>
  /** Gives the moment of the call. */
  abort(): Promise<number>
  outcome(): Promise<string>
  /** When the traffic was restored and read back, by the server's record. */
  restored(): Promise<Moments>
}

export async function begin(client: Client, text: string): Promise<BenchRun> {
  const { plan, problems } = await checkRunbook(text, { file: 'bench.yaml' })
  if (plan === undefined)
    throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  await startRun({ client, address: 'the lab', namespace: 'default' }, plan, {
    actor: 'bench',
    despite: [],
  })
  const handle = client.workflow.getHandle<typeof cutover>(workflowIdOf(plan.service)) as BenchRun['handle']
  return { service: plan.service, handle, ...asked(handle) }
}

function asked(handle: BenchRun['handle']): Omit<BenchRun, 'service' | 'handle'> {
  const ask = async () => (await handle.query(state)).state
  return {
    state: ask,
    async holds(weight) {
      const isHeld = async () => {
        const now = await ask()
        if (now.reason !== null) throw new Error(`the run is going back: ${JSON.stringify(now.reason)}`)
        return now.holding !== null && now.weights['edge']?.new === weight
      }
      await until(`${handle.workflowId} holds ${weight} %`, isHeld, HOLDING_MS_MAX)
    },
    async abort() {
      const from = Date.now()
      await handle.signal(abort, { actor: 'bench', reason: 'measured' })
      return from
    },
    async outcome() {
      const late = Promise.withResolvers<never>()
      const timer = setTimeout(() => late.reject(new Error(`${handle.workflowId} does not end`)), END_MS_MAX)
      const { outcome } = await Promise.race([handle.result(), late.promise]).finally(() =>
        clearTimeout(timer),
      )
      return outcome
    },
    restored: () => momentsOf(handle, 'restore', '"target":"split"'),
  }
}

/** Works off all jobs, so many at once. */
export async function bounded<T, R>(jobs: T[], atOnce: number, work: (job: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async () => {
    while (next < jobs.length) {
      const index = next++
      results[index] = await work(jobs[index] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, lane))
  return results
}
