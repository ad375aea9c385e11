// Somebody asks how a run is right after its worker was killed: the server gives the question to the dead worker first. Whoever waits is
// told why, and then has the answer of another worker; where nobody polls, nobody is waited for.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRun } from '../../view/read.ts'
import { eventually } from './bench.ts'
import type { Run } from './bench.ts'
import { eventNames } from './event-names.ts'
import { frame } from './runbooks.ts'
import { type WorkerBench, openWorkerBench } from './worker-bench.ts'

let workers: WorkerBench
beforeAll(async () => void (workers = await openWorkerBench()))
afterAll(() => workers.close())

const asking = (names: Parameters<typeof frame>[0]): string =>
  `${frame(names)}steps:
  - approve: { people: [ana], expires: 1h }
`

async function read({ service }: Run) {
  const said: string[] = []
  const { client, namespace = 'default', address } = workers.bench.env
  const progress = (line: string): void => void said.push(line)
  const { view } = await readRun({ client, address, namespace }, service, { isPatient: true, progress })
  return { view, said }
}

test('where nobody polls, that is said without a wait', async () => {
  const { view, said } = await read(await workers.bench.begin(asking))
  expect(view.stale?.why).toBe('no worker polls task queue cutover')
  expect(said).toEqual([])
})

test('after the death of its worker a question is answered by another one, and whoever waits is told why', async () => {
  const first = await workers.start()
  const run = await workers.bench.begin(asking)
  await run.gate('approval')
  const second = await workers.start()
  await first.kill()
  const { view, said } = await read(run)
  await second.kill()
  expect(view.stale).toBeNull()
  expect(said[0], 'the server itself may have given up before').toMatch(
    /^no worker (has answered yet: |answered within )/,
  )
})

const holding = (names: Parameters<typeof frame>[0]): string =>
  `${frame(names)}steps:
  - hold: { for: 1s, guards: [] }
  - approve: { people: [ana], expires: 1h }
`

test('a run that was terminated before a worker came to its last task is told from its history, and not asked for again', async () => {
  const first = await workers.start()
  const run = await workers.bench.begin(holding)
  await run.until('holds', (now) => now.holding !== null)
  await first.kill()
  await eventually('its timer has fired', async () => (await eventNames(run)).includes('timerFired'))
  await run.handle.terminate('nobody needs it')
  await workers.start()
  const { view, said } = await read(run)
  expect(view.outcome).toBe('terminated')
  expect(view.stale?.why).toBe('its last task was never carried out')
  expect(said.join()).not.toContain('asking again')
})
