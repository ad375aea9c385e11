// Status is asked while a run's worker is dead, as people do. The new worker answers from a history with a timer that no worker
// has carried out to the end; then the run is aborted. Whatever it was asked, the run goes back, and the next worker can replay
// what was done.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { state as stateQuery } from '../../workflows/messages.ts'
import { ASK_AGAIN } from '../../workflows/tasks-only.ts'
import { eventually } from './bench.ts'
import type { Run } from './bench.ts'
import { eventNames } from './event-names.ts'
import { frame } from './runbooks.ts'
import { type WorkerBench, openWorkerBench } from './worker-bench.ts'
import type { WorkerProcess } from './worker-process.ts'

const HOLD_MS = 6_000 // the second worker is up before it ends
const TRIES = 6 // the moments are those of a server and of two processes: on a busy machine few of them meet
const TRIES_MS = TRIES * 20_000
const BEFORE_THE_TIMER_MS = 1_500 // so long a query waits for the dead worker (two seconds), then another one may answer
const ANSWER_MS = 2_000 // so long after the timer the query has come to the second worker; a task that was begun is given up after three seconds

let workers: WorkerBench
beforeAll(async () => void (workers = await openWorkerBench()))
afterAll(() => workers.close())

const holding = (names: Parameters<typeof frame>[0]): string =>
  `${frame(names)}steps:
  - hold: { for: ${HOLD_MS}ms, guards: [] }
  - approve: { people: [ana], expires: 1h }
  - canary: { connection: edge, weights: [10%], samples: 0 }
`

/** What the server has written since the timer fired, by the names of its events; empty = it has not fired. */
async function sinceTheTimer(run: Run): Promise<string[]> {
  const names = await eventNames(run)
  const at = names.indexOf('timerFired')
  return at === -1 ? [] : names.slice(at)
}

/** By the history: a busy machine sees late that the run holds. */
async function timerEnd(run: Run): Promise<number> {
  const { events } = await run.handle.fetchHistory()
  const begun = (events ?? []).findLast(({ timerStartedEventAttributes: timer }) => Boolean(timer))
  return Number(begun?.eventTime?.seconds) * 1_000 + Number(begun?.eventTime?.nanos) / 1_000_000 + HOLD_MS
}

test.each<{ what: string; dies: (worker: WorkerProcess) => unknown; told: string[] }>([
  {
    what: 'waits for the dead worker',
    dies: (worker) => worker.kill(),
    told: ['timerFired', 'workflowTaskScheduled'],
  },
  {
    what: 'was begun by the dead worker',
    dies: (worker) => worker.freeze(),
    told: ['timerFired', 'workflowTaskScheduled', 'workflowTaskStarted'],
  },
])(
  'a run whose task $what, asked and aborted then, is replayed by the third',
  async ({ dies, told }) => {
    let isMet = false
    for (let tries = 0; tries < TRIES && !isMet; tries++) {
      const first = await workers.start()
      const run = await workers.bench.begin(holding)
      await run.until('holds', (now) => now.holding !== null)
      const until = await timerEnd(run)
      await dies(first)
      const second = await workers.start()
      await sleep(until - Date.now() - BEFORE_THE_TIMER_MS)
      const asked = run.handle.query(stateQuery).then(
        () => 'answered',
        (error: unknown) => String(error),
      )
      await eventually('its timer has fired', async () => (await sinceTheTimer(run)).length >= told.length)
      await first.kill() // before the query goes to any worker: a frozen one would take it as well
      const said = await Promise.race([asked, sleep(ANSWER_MS, 'nothing')])
      const since = await sinceTheTimer(run)
      await run.abort()
      isMet = said !== 'nothing' && since.join() === told.join()
      if (isMet) expect(said).toContain(ASK_AGAIN)
      expect((await run.ended()).outcome).toBe('restored')
      await second.kill()
      const third = await workers.start()
      expect((await run.state()).outcome).toBe('restored')
      await third.kill()
    }
    expect(isMet).toBe(true)
  },
  TRIES_MS,
)

test('a run that was taken up from its history refuses one question at most', async () => {
  const first = await workers.start()
  const run = await workers.bench.begin(holding)
  await run.until('holds', (now) => now.holding !== null)
  await first.kill()
  const second = await workers.start()
  await eventually('it asks, and all have been told', async () => {
    const since = await sinceTheTimer(run)
    const count = (name: string): number => since.filter((each) => each === name).length
    return (
      since.at(-1) === 'workflowTaskCompleted' &&
      count('activityTaskCompleted') > 0 &&
      count('activityTaskScheduled') === count('activityTaskCompleted')
    )
  })
  const ask = () => run.handle.query(stateQuery).then(({ state }) => state.gates.length)
  await ask().catch((error: unknown) => expect(String(error)).toContain(ASK_AGAIN)) // unless there was a further task meanwhile
  for (let times = 0; times < 3; times++) expect(await ask()).toBe(1)
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(await ask()).toBe(0)
  expect(await eventNames(run)).not.toContain('workflowTaskFailed')
  await second.kill()
})
