// What a long run costs in history: ten steps with a hold of three days on the time-skipping server, beside the same steps
// with a hold of an hour. The difference is what holding costs.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Row, rounded } from '../report/row.ts'

const PROGRAM = fileURLToPath(new URL('../days/process.ts', import.meta.url))
const EVENTS_MAX = 300
const HOUR_MS = 3_600_000

type Passed = { hours: number; outcome: string; events: number; looks: number; silenceMs: number }

export async function eventsOfDays(): Promise<Row[]> {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the run of days ended with ${String(code)} before it was over`)
  })
  ended.catch(() => {}) // told through the race below
  const [passed] = (await Promise.race([once(child, 'message'), ended])) as [Passed[]]
  const [short, long] = passed
  if (short?.outcome !== 'completed' || long?.outcome !== 'completed')
    throw new Error(`the runs ended ${short?.outcome} and ${long?.outcome}`)
  return [
    {
      measure: `history of 10 steps with a hold of ${long.hours} h`,
      target: { figure: 'events', is: long.events, max: EVENTS_MAX, unit: '' },
      ratios: { [`eventsTo${short.hours}HourHold`]: rounded(long.events / short.events) },
      figures: {
        events: long.events,
        [`eventsWith${short.hours}HourHold`]: short.events,
        eventsAddedByHolding: long.events - short.events,
        questionsToTheMetrics: long.looks,
        [`questionsWith${short.hours}HourHold`]: short.looks,
        longestSilenceHours: rounded(long.silenceMs / HOUR_MS),
      },
      note: 'that server takes no locks: 3 to 9 events more elsewhere',
    },
  ]
}
