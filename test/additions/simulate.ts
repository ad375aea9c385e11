// Carries an example out twice, on a server and a worker of this process: once to its end, once aborted in its first hold.
// `node test/additions/simulate.ts FILE` prints what became of both, what the targets held
// before and after, and what a step's own way back made of them.
import { readFileSync } from 'node:fs'
import { connector } from '../../activities/connect.ts'
import type { Json } from '../../workflows/json.ts'
import type { Plan, PlannedConnection } from '../../workflows/plan.ts'
import { type Bench, type Run, openBench } from '../workflow/bench.ts'
import { deps } from '../workflow/deps.ts'

const [file = ''] = process.argv.slice(2)
const text = readFileSync(file, 'utf8')
const ports = connector(deps)
const bench = await openBench()
try {
  const aborted = await turnedBack(bench)
  const through = await begin(bench)
  const { outcome, reason } = await through.ended()
  console.log(JSON.stringify({ aborted, through: { outcome, reason, values: await valuesOf(through.plan) } }))
} finally {
  await bench.close()
}

async function turnedBack(on: Bench) {
  const run = await begin(on)
  const before = await valuesOf(run.plan)
  await run.until('holds after a change', ({ phase, changes }) => phase === 'holding' && changes.length > 0)
  const meanwhile = await valuesOf(run.plan)
  await run.abort()
  const { outcome } = await run.ended()
  const own = (await run.state()).changes.filter(({ isBack }) => isBack).map(({ desired }) => desired)
  return { outcome, before, meanwhile, after: await valuesOf(run.plan), own }
}

async function begin(on: Bench): Promise<Run> {
  return await on.begin(({ service }) => text.replace(/^service: .*$/m, `service: ${service}`), {
    world: 'additions',
  })
}

/** What the targets hold. */
async function valuesOf(plan: Plan): Promise<Json[]> {
  const io = { signal: AbortSignal.timeout(5_000) }
  return await Promise.all(
    plan.targets.map(async ({ connection, target }) => {
      const port = ports.changingOf(plan.connections[connection] as PlannedConnection)
      return (await port.observe(target, io)).value
    }),
  )
}
