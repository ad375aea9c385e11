// Runs that continue as new: floods that make them, and their histories carried out again.
import type { WorkflowBundleOption } from '@temporalio/worker'
import { Worker } from '@temporalio/worker'
import { loadWorkflowBundle } from '../../worker/bundle.ts'
import { measureSinks } from '../../worker/sinks.ts'
import { approve } from '../../workflows/messages.ts'
import { eventually } from './bench.ts'
import type { Bench, Run } from './bench.ts'

export async function runIds({ env }: Bench, { service }: Run): Promise<string[]> {
  const found: string[] = []
  for await (const { runId } of env.client.workflow.list({
    query: `WorkflowId = "cutover/${service}"`,
  }))
    found.push(runId)
  return found
}

/** Each of its histories is carried out again by today's code without its world, and gives the same commands in the same order. */
export async function replayed(bench: Bench, run: Run, bundle?: WorkflowBundleOption): Promise<number> {
  const { workflowId } = run.handle
  const workflowBundle = bundle ?? (await loadWorkflowBundle())
  const ids = await runIds(bench, run)
  for (const runId of ids) {
    const history = await bench.env.client.workflow.getHandle(workflowId, runId).fetchHistory()
    await Worker.runReplayHistory({ workflowBundle, sinks: measureSinks(null) }, history, workflowId)
  }
  return ids.length
}

/** Refused ones, until the run has begun a new history so many times. */
export async function flood(bench: Bench, run: Run, renewals: number): Promise<void> {
  const before = new Set(await runIds(bench, run)).size
  const { client } = bench.env
  await eventually(`${run.service} begins ${renewals} new histories`, async () => {
    const latest = client.workflow.getHandle(`cutover/${run.service}`)
    for (let number = 0; number < 10; number++)
      await latest.signal(approve, { actor: `bot-${number}`, gate: 'nonsense', reason: 'x'.repeat(5_000) })
    return (await runIds(bench, run)).length >= before + renewals
  })
}
