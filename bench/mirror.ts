// `npm run bench:mirror`: what it costs to show a thousand runs as objects of Kubernetes, how late an object is, and what a worker that
// is killed, an API server that is down and one that throttles do to it. Prints the rows; asserts no time. `-- 200`: so many runs.
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { openMirrorGround } from './mirror/ground.ts'
import { mirrorRows } from './mirror/measures.ts'
import { block } from './report/table.ts'

const RUNS = 1_000

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  shutdownSignals: [],
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})
const runs = Number(process.argv[2] ?? RUNS)
const ground = await openMirrorGround()
try {
  for await (const row of mirrorRows(ground, runs)) process.stdout.write(`${block(row)}\n`)
} finally {
  await ground.close()
}
