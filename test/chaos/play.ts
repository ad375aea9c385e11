// Plays one scenario on the stage and tells its story: the run is started by the command line, faults come at their
// moments, people answer, the world is watched from before the start until some time after the end.
import { readRun } from '../../view/read.ts'
import type { Load } from '../../lab/load.ts'
import type { ChaosStage } from './stage.ts'
import { followRun } from './history.ts'
import { inflict, noDeeds } from './inflict.ts'
import { type Story } from './story.ts'
import { problemsOf } from './oracle.ts'
import { type Attended, peopleOf } from './people.ts'
import { runbookOf } from './runbook.ts'
import { type Scenario, describeAct } from './scenario.ts'
import { lookFully, watchWorld } from './sight.ts'

const RUN_MAX_MS = 120_000 // several times the longest run with its settling; a run that hangs is a wrong end
const WATCHED_AFTER_MS = 2_500 // what lands late does so by then, on loopback
const FAULTS_END_MS = 30_000 // the longest fault and the start of a worker
const LOOK_MS = 50

export type Played = { story: Story; problems: string[]; unmet: string[]; seconds: number }

export async function play(stage: ChaosStage, scenario: Scenario): Promise<Played> {
  const { shape } = scenario
  const service = scenario.name.replaceAll(' ', '-')
  await stage.reset()
  const began = Date.now()
  const loads = await stage.loadsFor(shape)
  const start = await lookFully(stage, shape)
  const eyes = watchWorld(stage, shape)
  try {
    const file = stage.write(`${service}.yaml`, runbookOf(shape, service, stage.addresses))
    const run = await begin(stage, file)
    const followed = followRun(stage.access.client, stage.access.namespace, run)
    const of: Attended = { stage, scenario, service, followed, deeds: noDeeds(), start }
    const ended = await carriedOut(of)
    await eyes.close()
    const story: Story = {
      ...ended,
      scenario,
      start,
      end: await lookFully(stage, shape),
      newEntry: stage.lab.addresses.haproxy.entries.new,
      samples: eyes.samples,
      calls: followed.calls,
      deeds: of.deeds,
      lost: await lostBy(loads),
      view: (await readRun(stage.access, service)).view,
      open: await openWorkflows(stage),
    }
    const { unmet, closedAt } = ended
    return { story, problems: problemsOf(story), unmet, seconds: (closedAt - began) / 1_000 }
  } finally {
    await eyes.close()
    await lostBy(loads)
    await endAll(stage)
  }
}

type Ended = Pick<Story, 'closed' | 'closedAt' | 'answered' | 'lies'> & { unmet: string[] }

/** From the first call of the run until nothing of it, and no fault, can act any more. */
async function carriedOut(of: Attended): Promise<Ended> {
  const { scenario, followed, deeds } = of
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
  const [closed, closedAt] = [followed.closed(), Date.now()]
  await people.leave()
  followed.stop()
  await wait(WATCHED_AFTER_MS)
  const faultsEnd = Date.now() + FAULTS_END_MS
  while (deeds.open > 0 && Date.now() < faultsEnd) await wait(LOOK_MS)
  return { closed, closedAt, answered: people.answered, lies: people.lies, unmet: [...unmet] }
}

async function begin({ cli }: ChaosStage, file: string): Promise<{ workflowId: string; runId: string }> {
  return await cli.json(['start', file, '--yes', '--as', 'maria'])
}

/** NGINX and Caddy reset connections when they load a change, as their pages say: what every client tries again is not lost. */
const RESETS = ['nginx', 'caddy']

async function lostBy(loads: { [load: string]: Load }): Promise<{ [load: string]: number }> {
  const entries = Object.entries(loads).map(async ([name, load]) => {
    const { failed, failures } = await load.stop()
    const resets = Object.entries(failures).filter(([reason]) => /^(?:ECONNRESET|EPIPE)/.test(reason))
    const excused = RESETS.includes(name) ? resets.reduce((sum, [, count]) => sum + count, 0) : 0
    return [name, failed - excused] as const
  })
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
