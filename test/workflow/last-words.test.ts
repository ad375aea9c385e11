// What ends by time says what it last saw: in the reason of the run, which status, log and report show.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { frame } from './runbooks.ts'

type Names = { service: string; world: string }

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

const GREEDY = '198.51.100.9'
const RECORD = 'api.example.com. A'

const repoint = (names: Names) =>
  `${frame(names).replace('    clients:', `    resolvers: { "${GREEDY}": { min_ttl: 10m } }\n    clients:`)}steps:
  - repoint: { connection: zone, records: { "${RECORD}": [192.0.2.20] }, hold: 100ms, margin: 0ms, resolvers: ["${GREEDY}"], within: 3s, good: 1 in a row, extend_max: 20s }
`

test('a record that does not show everywhere in time: the reason names who still shows what', async () => {
  const run = await bench.begin(repoint)
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  const { reason } = await run.state()
  expect(reason).toMatchObject({ kind: 'failure', failure: 'Timeout' })
  expect(reason).toHaveProperty(
    'message',
    expect.stringMatching(
      /^not seen everywhere within 3s after the old answers had run out: authoritative: 2 s 192\.0\.2\.20; 198\.51\.100\.9: .*still waiting for 2 s 192\.0\.2\.20$/,
    ),
  )
})
