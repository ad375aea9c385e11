// Status is asked while a run's worker is dead, as people do. The new worker answers from a history with a timer that nobody has
// taken up yet; then the run is aborted. Whatever it was asked, the run goes back, and the next worker can replay what was done.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { state as stateQuery } from '../../workflows/messages.ts'
import { eventually } from './bench.ts'
import type { Run } from './bench.ts'
import { frame } from './runbooks.ts'
import { type WorkerBench, openWorkerBench } from './worker-bench.ts'

const HOLD_MS = 3_000
const TRIES = 6 // the moments are those of a server and of two processes: on a busy machine few of them meet
const BEFORE_THE_TIMER_MS = 1_000 // so long a query waits for the dead worker (two seconds), then another one may answer
const UP_AFTER_MS = 400

let workers: WorkerBench
beforeAll(async () => void (workers = await openWorkerBench()))
afterAll(() => workers.close())

const holding = (names: Parameters<typeof frame>[0]): string =>
  `${frame(names)}steps:
  - hold: { for: ${HOLD_MS}ms, guards: [] }
  - approve: { people: [ana], expires: 1h }
  - canary: { connection: edge, weights: [10%], samples: 0 }
`

async function isTold(run: Run, what: 'timerFiredEventAttributes' | 'workflowTaskTimedOutEventAttributes') {
  const { events } = await run.handle.fetchHistory()
  return (events ?? []).some((event) => event[what] !== null && event[what] !== undefined)
}

test('a run that is asked between two workers, and aborted then, is replayed by the third', async () => {
  let isMet = false
  for (let tries = 0; tries < TRIES && !isMet; tries++) {
    const first = await workers.start()
    const run = await workers.bench.begin(holding)
    await run.until('holds', (now) => now.holding !== null)
    const until = Date.now() + HOLD_MS
    await first.kill()
    await sleep(until - Date.now() - BEFORE_THE_TIMER_MS)
    const asked = run.handle.query(stateQuery).then(
      () => {},
      () => {}, // refused: it may be asked again
    )
    await sleep(UP_AFTER_MS)
    const second = await workers.start()
    await eventually('its timer has fired', () => isTold(run, 'timerFiredEventAttributes'))
    await Promise.race([asked, sleep(BEFORE_THE_TIMER_MS)])
    await run.abort()
    isMet = !(await isTold(run, 'workflowTaskTimedOutEventAttributes'))
    expect((await run.ended()).outcome).toBe('restored')
    await second.kill()
    const third = await workers.start()
    expect((await run.state()).outcome).toBe('restored')
    await third.kill()
  }
  expect(isMet).toBe(true)
})
