// `npm run record`: runs a fixed set of runs on a dev server with a simulated world and keeps their histories in
// test/histories/, in the form that replays. To be run when the engine changes on purpose; the diff is the review.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { forgetWorld } from '../activities/sim/world.ts'
import type { Bench, BenchOptions } from '../test/workflow/bench.ts'
import { openBench } from '../test/workflow/bench.ts'
import type { RecordedRun } from '../test/replay/recorded-runs.ts'
import { recordedRuns } from '../test/replay/recorded-runs.ts'

const FOLDER = join(dirname(import.meta.dirname), 'test', 'histories')

await mkdir(FOLDER, { recursive: true })
const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json'))
await Promise.all(names.map((name) => rm(join(FOLDER, name))))
await recordAll(
  {},
  recordedRuns.filter(({ renewEvents }) => renewEvents === undefined),
)
for (const run of recordedRuns) {
  const { renewEvents } = run
  if (renewEvents === undefined) continue
  await recordAll({ dynamicConfig: [`limit.historyCount.suggestContinueAsNew=${renewEvents}`] }, [run])
}

async function recordAll(options: BenchOptions, runs: RecordedRun[]): Promise<void> {
  const bench = await openBench(options)
  try {
    await Promise.all(runs.map((run) => record(bench, run)))
  } finally {
    await bench.close()
  }
}

async function record(bench: Bench, { name, runbook, prepare, attend }: RecordedRun): Promise<void> {
  const service = `recorded-${name}`
  const run = await bench.begin(runbook, { service, ...(prepare === undefined ? {} : { prepare }) })
  await attend(run)
  const { outcome } = await run.ended()
  let runId: string | undefined = run.handle.firstExecutionRunId
  for (let part = 1; runId !== undefined; part++) {
    const history = await bench.env.client.workflow.getHandle(run.handle.workflowId, runId).fetchHistory()
    const end = history.events?.at(-1)
    runId = end?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined
    const isOnly = part === 1 && runId === undefined
    const file = `${name}${isOnly ? '' : `-${part}`}.json`
    await writeFile(join(FOLDER, file), `${clean(historyToJSON(history))}\n`)
    console.log(
      `${file}: ${history.events?.length ?? 0} events, ${runId === undefined ? outcome : 'renewed'}`,
    )
  }
  forgetWorld(service)
}

/** Who and where it was recorded has no place in a repository: names of processes and machines, paths in stacks. */
function clean(json: string): string {
  return JSON.stringify(JSON.parse(json), anonymous, 1)
}

function anonymous(key: string, value: unknown): unknown {
  if (key === 'identity') return 'recorder'
  return key === 'stackTrace' ? '' : value
}
