// What watching a run costs the server.
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, test } from 'vitest'
import { follow } from '../../view/follow.ts'
import { type Bench, openBench } from './bench.ts'
import { brief } from './runbooks.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

test('ten watchers, before', async () => {
  const counts: Record<string, number> = {}
  const connection = await Connection.connect({
    address: bench.env.address,
    interceptors: [
      (options, next) => {
        const name = options.method_definition.path.replace(/.*\//, '')
        counts[name] = (counts[name] ?? 0) + 1
        return next(options) as never
      },
    ],
  })
  const client = new Client({ connection })
  const access = { client, address: '', namespace: 'default' }
  const run = await bench.begin((names) => brief(names, { hold: '1m' }))
  await run.until('holds', ({ phase }) => phase === 'holding')
  for (const watchers of [1, 10]) {
    for (const key of Object.keys(counts)) delete counts[key]
    const signal = AbortSignal.timeout(10_000)
    await Promise.all(
      Array.from({ length: watchers }, () =>
        follow(access, {
          service: run.service,
          signal,
          isLast: () => false,
          seen() {},
          lost() {},
          progress() {},
        }),
      ),
    )
    process.stderr.write(`MEASURED ${watchers} watchers, 10 s: ${JSON.stringify(counts)}\n`)
  }
  await run.abort()
  await run.ended()
  await connection.close()
})
