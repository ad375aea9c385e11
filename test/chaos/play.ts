// Plays one scenario on the stage and tells its story: the run is started by the command line, faults come at their
// moments, people answer, the world is watched from before the start until some time after the end.
import type { RunView } from '../../client/view/model.ts'
import type { ChaosStage } from './stage.ts'
import { followRun } from './history.ts'
import { inflict, noDeeds } from './inflict.ts'
import { type Story, problemsOf } from './oracle.ts'
import { peopleOf } from './people.ts'
import { runbookOf } from './runbook.ts'
import { type Scenario, describeAct } from './scenario.ts'
import { lookFully, watchWorld } from './sight.ts'

const RUN_MAX_MS = 90_000 // several times the longest run with its settling; a run that hangs is a wrong end
const WATCHED_AFTER_MS = 2_500 // what lands late does so by then, on loopback
const FAULTS_END_MS = 30_000 // the longest fault and the start of a worker
const LOOK_MS = 50

export type Played = { story: Story; problems: string[]; unmet: string[]; seconds: number }

export async function play(stage: ChaosStage, scenario: Scenario): Promise<Played> {
  const { shape } = scenario
  const service = scenario.name.replaceAll(' ', '-')
  await stage.reset()
  const began = Date.now()
  const lostBefore = await lostBy(stage)
  const start = await lookFully(stage, shape)
  const file = stage.write(`${service}.yaml`, runbookOf(shape, service, stage.addresses))
  const run = await begin(stage, file)
  const followed = followRun(stage.access.client, stage.access.namespace, run)
  const deeds = noDeeds()
  const of = { stage, scenario, service, followed, deeds, start }
  const eyes = watchWorld(stage, shape)
  const people = peopleOf(of)
  const unmet = new Set(scenario.acts.map(describeAct))
  for (const act of scenario.acts) {
    void followed.when(act.when).then(async () => {
      if (followed.closed() !== null) return
      unmet.delete(describeAct(act))
      deeds.lines.push({ at: Date.now(), text: describeAct(act) })
      await inflict(of, act.what)
    })
  }
  const deadline = Date.now() + RUN_MAX_MS
  while (followed.closed() === null && Date.now() < deadline) await wait(LOOK_MS)
  const closed = followed.closed()
  const closedAt = Date.now()
  await people.leave()
  followed.stop()
  await wait(WATCHED_AFTER_MS)
  const faultsEnd = Date.now() + FAULTS_END_MS
  while (deeds.open > 0 && Date.now() < faultsEnd) await wait(LOOK_MS)
  await eyes.close()
  const end = await lookFully(stage, shape)
  const lostAfter = await lostBy(stage)
  const view = await stage.cli.json<RunView>(['status', service])
  const story: Story = {
    scenario,
    closed,
    closedAt,
    view,
    start,
    end,
    newEntry: stage.lab.addresses.haproxy.entries.new,
    samples: eyes.samples,
    calls: followed.calls,
    deeds,
    answered: people.answered,
    lies: people.lies,
    lost: Object.fromEntries(
      Object.entries(lostAfter).map(([load, count]) => [load, count - (lostBefore[load] ?? 0)]),
    ),
    open: await openWorkflows(stage),
  }
  await endAll(stage)
  return { story, problems: problemsOf(story), unmet: [...unmet], seconds: (closedAt - began) / 1_000 }
}

async function begin({ cli }: ChaosStage, file: string): Promise<{ workflowId: string; runId: string }> {
  return await cli.json(['start', file, '--yes', '--as', 'maria'])
}

async function lostBy({ loads }: ChaosStage): Promise<{ [load: string]: number }> {
  const entries = Object.entries(loads).map(
    async ([name, load]) => [name, (await load.read()).failed] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

/** Locks are workflows too: none may outlast its run. */
async function openWorkflows({ access: { client } }: ChaosStage): Promise<string[]> {
  const ids: string[] = []
  for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus="Running"' }))
    ids.push(workflowId)
  return ids
}

async function endAll(stage: ChaosStage): Promise<void> {
  for (const id of await openWorkflows(stage)) {
    const handle = stage.access.client.workflow.getHandle(id)
    await handle.terminate('its seed is over').catch(() => undefined) // it ended meanwhile
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
