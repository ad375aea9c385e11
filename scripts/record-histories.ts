// `npm run record [-- NAME...]`: runs a fixed set of runs on a dev server with a simulated world and keeps their histories in
// test/histories/, in the form that replays. To be run when the engine changes on purpose; the diff is the review. With names,
// the others stay: they are runs that began with an earlier version.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { expiryIdOf } from '../activities/change/expire.ts'
import { forgetWorld } from '../activities/sim/world.ts'
import type { Bench, BenchOptions } from '../test/workflow/bench.ts'
import { bounded, openBench } from '../test/workflow/bench.ts'
import type { RecordedRun } from '../test/replay/recorded-run.ts'
import { recordedRuns } from '../test/replay/recorded-runs.ts'
import { RECONCILING } from '../workflows/ports/reconciler.ts'

const FOLDER = join(dirname(import.meta.dirname), 'test', 'histories')
const AT_ONCE = 8 // each of them looks at its state all the time
const UNREAD = new Set(['taskId', 'requestId', 'workerVersion', 'meteringMetadata'])
const OF_A_PROCESS = /^\d+@/ // a sticky task queue: number of a process, name of a machine

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => recordedRuns.every((run) => run.name !== name))
if (unknown.length > 0) throw new Error(`test/replay/ has no run ${unknown.join(', ')}`)
const runs = recordedRuns.filter(({ name }) => wanted.length === 0 || wanted.includes(name))

await mkdir(FOLDER, { recursive: true })
for (const file of await readdir(FOLDER)) {
  const isStale = !recordedRuns.some(({ name }) => isOf(name, file))
  if (isStale || runs.some(({ name }) => isOf(name, file))) await rm(join(FOLDER, file))
}
for (const [renewEvents, alike] of Map.groupBy(runs, (run) => run.renewEvents)) {
  const setting = `limit.historyCount.suggestContinueAsNew=${renewEvents}`
  await recordAll(renewEvents === undefined ? {} : { dynamicConfig: [setting] }, alike)
}

async function recordAll(options: BenchOptions, alike: RecordedRun[]): Promise<void> {
  const bench = await openBench(options)
  try {
    await bounded(alike, AT_ONCE, (run) => record(bench, run))
  } finally {
    await bench.close()
  }
}

async function record(bench: Bench, recorded: RecordedRun): Promise<void> {
  const { name, runbook, prepare, attend, keeps = ['run'] } = recorded
  const service = `recorded-${name}`
  const run = await bench.begin(runbook, { service, ...(prepare === undefined ? {} : { prepare }) })
  const { workflow } = bench.env.client
  await attend(run)
  if (keeps.includes('run')) {
    const { outcome } = await run.ended()
    const { workflowId, firstExecutionRunId } = run.handle
    await keep(bench, { name, workflowId, runId: firstExecutionRunId, outcome })
  }
  if (keeps.includes('expiry')) {
    const lock = run.plan.targets.find(({ target }) => target === RECONCILING)?.locks[0] ?? ''
    const expiry = workflow.getHandle(expiryIdOf(lock))
    const outcome = String(await expiry.result())
    const { runId } = await expiry.describe()
    await keep(bench, { name: `${name}-expiry`, workflowId: expiry.workflowId, runId, outcome })
  }
  forgetWorld(service)
}

type Recording = { name: string; workflowId: string; runId: string; outcome: string }

/** All its histories, from the first on. */
async function keep(bench: Bench, { name, workflowId, runId, outcome }: Recording): Promise<void> {
  let next: string | undefined = runId
  for (let part = 1; next !== undefined; part++) {
    const history = await bench.env.client.workflow.getHandle(workflowId, next).fetchHistory()
    const end = history.events?.at(-1)
    next = end?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined
    const isOnly = part === 1 && next === undefined
    const file = `${name}${isOnly ? '' : `-${part}`}.json`
    await writeFile(join(FOLDER, file), clean(historyToJSON(history)))
    console.log(`${file}: ${history.events?.length ?? 0} events, ${next === undefined ? outcome : 'renewed'}`)
  }
}

/** `handed-back-2.json` and `handed-back-expiry.json` are of handed-back; `handed-back-renewed.json` is not. */
function isOf(name: string, file: string): boolean {
  return file.startsWith(name) && /^(-expiry)?(-\d+)?\.json$/.test(file.slice(name.length))
}

/**
 * One event a line. Who and where it was recorded has no place in a repository (names of processes and machines, paths in
 * stacks), and what neither the SDK nor anybody reads has none either.
 */
function clean(json: string): string {
  const { events } = JSON.parse(json) as { events: object[] }
  const lines = events.map((event) => JSON.stringify(event, cleaned))
  return `{"events":[\n${lines.join(',\n')}\n]}\n`
}

function cleaned(key: string, value: unknown): unknown {
  if (UNREAD.has(key)) return undefined
  if (key === 'identity' || (key === 'name' && OF_A_PROCESS.test(String(value)))) return 'recorder'
  return key === 'stackTrace' ? '' : value
}
