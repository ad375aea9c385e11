// Carries out faults on the stage, each with its end: nothing stays broken for longer than its fault says.
import { randomUUID } from 'node:crypto'
import type { Json } from '../../workflows/json.ts'
import { decide, abort as abortSignal, workflowIdOf } from '../../workflows/messages.ts'
import { type ForeignWrite, writeAsStranger, writeNeighbour } from './stranger.ts'
import type { Followed } from './history.ts'
import type { Fault, Scenario } from './scenario.ts'
import { look } from './sight.ts'
import type { ChaosStage } from './stage.ts'

const ABORT_MS = 3_000 // an update takes milliseconds where a worker lives; else the signal stays with the server
const SERVER_TRIES = 50 // a Temporal that was killed is back within five seconds
const AGAIN_MS = 100

/** What was done to a run, for the oracle. */
export type Deeds = {
  /** Faults under way. */
  open: number
  lastEndedAt: number
  foreign: ForeignWrite[]
  aborts: { at: number; via: string }[]
  resets: number[]
  /** Servers that were killed or stopped, with the time. */
  downs: { server: string; at: number }[]
  lines: { at: number; text: string }[]
}

export function noDeeds(): Deeds {
  return { open: 0, lastEndedAt: 0, foreign: [], aborts: [], resets: [], downs: [], lines: [] }
}

export type Inflicting = {
  stage: ChaosStage
  scenario: Scenario
  service: string
  followed: Followed
  deeds: Deeds
}

export async function inflict(of: Inflicting, fault: Fault): Promise<void> {
  const { deeds } = of
  deeds.open += 1
  try {
    await carryOut(of, fault)
  } catch (error) {
    deeds.lines.push({ at: Date.now(), text: `could not be done: ${String(error)}` })
  } finally {
    deeds.open -= 1
    deeds.lastEndedAt = Date.now()
  }
}

async function carryOut(of: Inflicting, fault: Fault): Promise<void> {
  const { stage, scenario, deeds } = of
  switch (fault.kind) {
    case 'kill':
      return await kill(of, fault)
    case 'stop':
      return await freeze(of, fault)
    case 'deploy':
      return await deploy(stage)
    case 'toxic':
      stage.links[fault.link].set(fault.toxic)
      await wait(fault.forMs)
      return stage.links[fault.link].set(null)
    case 'foreign':
      return void deeds.foreign.push(await writeAsStranger(stage, scenario.shape, fault))
    case 'neighbour':
      return writeNeighbour(stage)
    case 'errors':
      await stage.lab.fleets.new.inject({ errorRatio: 0.6 })
      await wait(fault.forMs)
      return void (await stage.lab.fleets.new.heal())
    case 'unready':
      deeds.downs.push({ server: 'haproxy', at: Date.now() }) // a side without ready instances serves nobody
      await stage.lab.fleets[fault.side].inject({ unready: true })
      await wait(fault.forMs)
      return void (await stage.lab.fleets[fault.side].heal())
    case 'abort':
      return await abort(of, fault.via)
    case 'reset':
      return await reset(of, fault.tasks)
    default:
      return fault satisfies never
  }
}

async function kill(
  { stage, scenario, deeds }: Inflicting,
  fault: Extract<Fault, { kind: 'kill' | 'stop' }>,
) {
  const server = serverOf(stage, fault.server)
  deeds.downs.push({ server: fault.server, at: Date.now() })
  const before = await look(stage, scenario.shape)
  await server.kill()
  await wait(fault.forMs)
  await server.start()
  // A balancer that is started anew has forgotten weights set at run time: nobody of the run has written that.
  const after = await look(stage, scenario.shape)
  if (fault.server === 'haproxy' && JSON.stringify(before.edge) !== JSON.stringify(after.edge))
    deeds.foreign.push({ at: Date.now(), target: 'edge split', value: after.edge as Json })
}

async function freeze({ stage, deeds }: Inflicting, fault: Extract<Fault, { kind: 'kill' | 'stop' }>) {
  const { pid } = serverOf(stage, fault.server)
  if (pid === undefined) return
  deeds.downs.push({ server: fault.server, at: Date.now() })
  process.kill(pid, 'SIGSTOP')
  await wait(fault.forMs)
  if (serverOf(stage, fault.server).pid === pid) process.kill(pid, 'SIGCONT')
}

function serverOf(stage: ChaosStage, name: Extract<Fault, { kind: 'kill' | 'stop' }>['server']) {
  return name === 'worker' ? stage.worker.server : stage.lab.servers[name]
}

async function deploy(stage: ChaosStage): Promise<void> {
  const other = await stage.anotherWorker()
  try {
    await stage.worker.server.stop()
    await stage.worker.server.start()
  } finally {
    await other.server.close()
  }
}

async function abort(
  { stage, service, deeds }: Inflicting,
  via: 'update' | 'signal' | 'cancel',
): Promise<void> {
  const { client } = stage.access
  const handle = client.workflow.getHandle(workflowIdOf(service))
  const said = { decisionId: randomUUID(), actor: 'raj', reason: 'chaos' }
  const told = { at: Date.now(), via }
  if (via === 'cancel') await stubbornly(() => handle.cancel())
  else if (via === 'signal') await stubbornly(() => handle.signal(abortSignal, said))
  else {
    const decision = { ...said, gate: null, verdict: 'abort' as const, digest: null }
    try {
      await client.withDeadline(Date.now() + ABORT_MS, () =>
        handle.executeUpdate(decide, { args: [decision], updateId: said.decisionId }),
      )
    } catch {
      await stubbornly(() => handle.signal(abortSignal, said)) // the id makes it count once
    }
  }
  deeds.aborts.push(told)
}

async function reset({ stage, service, followed, deeds }: Inflicting, tasks: number): Promise<void> {
  const { client, namespace } = stage.access
  const workflowId = workflowIdOf(service)
  const to = followed.tasks.at(-1 - tasks) ?? followed.tasks[0]
  if (to === undefined || followed.closed() !== null) return
  const { runId } = await client.workflow.getHandle(workflowId).describe()
  deeds.resets.push(Date.now())
  await followed.over(to, () =>
    client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId, runId },
      reason: 'chaos',
      requestId: randomUUID(),
      workflowTaskFinishEventId: to,
    }),
  )
}

/** A person says it again until the server has heard it. */
async function stubbornly(say: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await say()
      return
    } catch (error) {
      if (tries === SERVER_TRIES || /already completed|not found/i.test(String(error))) throw error
      await wait(AGAIN_MS)
    }
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
