// kill -9 of the worker around the moment of an abort: before the signal, with it, and while it is being carried out.
// Once with another worker up, once with the only worker started again. On the real HAProxy: a simulated world dies with
// its worker.
import { setTimeout as wait } from 'node:timers/promises'
import { type LabWorker, startWorker, workerEnvironment } from '../../lab/stage/worker.ts'
import { tellHaproxy } from '../../lab/stage/world.ts'
import type { Ground } from '../ground/ground.ts'
import { begin } from '../ground/run.ts'
import { heldAt, onBalancer } from '../ground/runbooks.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'

const KILL_AFTER_MS = [-1, 0, 5, 10, 20, 40] // after the signal was sent; -1 = before it
const TARGET_MS = 4_000 // one workflow-task timeout of 3 s and a second for the rest

type Killed = { restoredMs: number; bootMs: number; events: number }

export async function killedBesideAnother(ground: Ground): Promise<Row[]> {
  let worker = await startWorker(workerEnvironment(ground.lab.addresses))
  const took: Killed[] = []
  try {
    for (const delayMs of KILL_AFTER_MS) {
      const other: { next: LabWorker | null } = { next: null }
      const killed = await killedAt(ground, {
        service: `killed-beside-${took.length}`,
        before: async () => {
          other.next = await startWorker(workerEnvironment(ground.lab.addresses))
        },
        delayMs,
        kill: async () => worker.server.kill(),
      })
      took.push(killed)
      await worker.server.close()
      worker = other.next as LabWorker
    }
  } finally {
    await worker.server.close()
  }
  return [rowOf('worker killed -9 at an abort, another one up', took)]
}

export async function killedAndRestarted(ground: Ground): Promise<Row[]> {
  const { server } = await startWorker(workerEnvironment(ground.lab.addresses))
  const took: Killed[] = []
  try {
    for (const delayMs of KILL_AFTER_MS) {
      const boot = { ms: 0 }
      const kill = async () => {
        await server.kill()
        const from = performance.now()
        await server.start()
        boot.ms = performance.now() - from
      }
      const service = `killed-restarted-${took.length}`
      const killed = await killedAt(ground, { service, before: async () => {}, delayMs, kill })
      took.push({ ...killed, bootMs: boot.ms })
    }
  } finally {
    await server.close()
  }
  return [rowOf('worker killed -9 at an abort, the only one, started again at once', took)]
}

type Killing = { service: string; before(): Promise<void>; delayMs: number; kill(): Promise<void> }

async function killedAt(
  { lab, client }: Ground,
  { service, before, delayMs, kill }: Killing,
): Promise<Killed> {
  const steps = heldAt('25%')
  const run = await begin(client, onBalancer(lab.addresses, { service, edge: 'haproxy', steps }))
  await run.holds(25)
  await before()
  const from = Date.now()
  const killing = delayMs < 0 ? kill() : null
  const aborting = run.abort()
  if (delayMs > 0) await wait(delayMs)
  await Promise.all([killing ?? kill(), aborting])
  const outcome = await run.outcome()
  const { completed, events } = await run.restored()
  const { backend, servers } = lab.addresses.haproxy
  const weight = Number.parseInt(await tellHaproxy(lab, `get weight ${backend}/${servers.new}`), 10)
  if (outcome !== 'restored' || completed === null || weight !== 0)
    throw new Error(`${service} ended ${outcome} with weight ${weight} on the new side`)
  return { restoredMs: completed - from, bootMs: 0, events }
}

function rowOf(measure: string, took: Killed[]): Row {
  const spread = spreadOf(took.map(({ restoredMs }) => restoredMs))
  const boot = spreadOf(took.map(({ bootMs }) => bootMs))
  const each = took.map(({ restoredMs }, index) => [`killAt${KILL_AFTER_MS[index]}Ms`, rounded(restoredMs)])
  return {
    measure,
    target: { figure: 'max', is: rounded(spread.max / 1_000), max: TARGET_MS / 1_000, unit: ' s' },
    ratios: { maxToTaskTimeout: rounded(spread.max / TASK_TIMEOUT_MS) },
    figures: {
      samples: spread.samples,
      ...inMs('restored', spread),
      ...(boot.max > 0 ? inMs('workerBoot', boot) : {}),
      ...(Object.fromEntries(each) as { [name: string]: number }),
    },
  }
}

const TASK_TIMEOUT_MS = 3_000 // WORKFLOW_TASK_TIMEOUT: what a task handed to a dead worker costs
