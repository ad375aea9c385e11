// Somebody asks how a run is right after its worker was killed: the server gives the question to the dead worker first. Whoever waits is
// told why, and then has the answer of another worker; where nobody polls, nobody is waited for.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRun } from '../../view/read.ts'
import { loadWorkflowBundle } from '../../worker/bundle.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'
import { type WorkerProcess, startWorkerProcess } from './worker-process.ts'

let bench: Bench
let codePath = ''
const workers = new Set<WorkerProcess>()

beforeAll(async () => {
  bench = await openBench({ worker: false })
  const bundle = await loadWorkflowBundle()
  codePath = 'codePath' in bundle ? bundle.codePath : ''
})
afterAll(async () => {
  for (const worker of workers) await worker.kill()
  await bench.close()
})

async function startWorker(): Promise<WorkerProcess> {
  const { address, namespace = 'default' } = bench.env
  const worker = await startWorkerProcess({ address, namespace, codePath })
  workers.add(worker)
  return worker
}

const asking = (names: Parameters<typeof frame>[0]): string =>
  `${frame(names)}steps:
  - approve: { people: [ana], expires: 1h }
`

async function read({ service }: Run) {
  const said: string[] = []
  const { client, namespace = 'default', address } = bench.env
  const progress = (line: string): void => void said.push(line)
  const { view } = await readRun({ client, address, namespace }, service, { isPatient: true, progress })
  return { view, said }
}

test('where nobody polls, that is said without a wait', async () => {
  const { view, said } = await read(await bench.begin(asking))
  expect(view.stale?.why).toBe('no worker polls task queue cutover')
  expect(said).toEqual([])
})

test('after the death of its worker a question is answered by another one, and whoever waits is told why', async () => {
  const first = await startWorker()
  const run = await bench.begin(asking)
  await run.gate('approval')
  await startWorker()
  workers.delete(first)
  await first.kill()
  const { view, said } = await read(run)
  expect(view.stale).toBeNull()
  expect(said[0], 'the server itself may have given up before').toMatch(
    /^no worker (has answered yet: |answered within )/,
  )
})
