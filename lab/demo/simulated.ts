// The demo without servers: the same examples over the simulated world, with a worker in this process. Needs Temporal alone.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NativeConnection } from '@temporalio/worker'
import { beginWorlds } from '../../activities/sim/begin.ts'
import { forgetWorld, openWorld } from '../../activities/sim/world.ts'
import type { World } from '../../activities/sim/world.ts'
import { loadRunbook } from '../../client/runbook/load.ts'
import { connect } from '../../client/temporal.ts'
import { installRuntime } from '../../worker/runtime.ts'
import { createLog } from '../../worker/log.ts'
import { type TestWorker, bareDeps, createTestWorker } from '../../worker/testing.ts'
import type { RunView } from '../../view/model.ts'
import { createFolder } from '../folder.ts'
import { startTemporal } from '../servers/temporal.ts'
import { cliWith } from '../stage/cli.ts'
import { EXAMPLES } from '../stage/examples.ts'
import { hurried } from '../stage/runbook.ts'
import { temporalEnvironment } from '../stage/worker.ts'
import { restoreTimes, seconds, tallyOf, type Tally } from './checks.ts'
import { atQuarter, isGoingBack } from './moments.ts'
import { type Playing, type Twist, play } from './play.ts'
import { untilCtrlC } from './stay.ts'
import type { Story } from './story.ts'

type Simulated = {
  story: Story
  acts: string[]
  ask: Playing['ask']
  /** Somebody may want to look around afterwards. */
  isStaying: boolean
  signal: AbortSignal
}
type Scene = {
  world: World
  worker: { stop(): Promise<void>; start(): Promise<void> }
  story: Story
  tally: Tally
}

const RATE = '400/s'

export async function runSimulated({ story, acts, ask, isStaying, signal }: Simulated): Promise<number> {
  story.say('cutover over a simulated world: no server but Temporal. The real thing: npm run demo')
  installRuntime(createLog({ form: 'text', redact: (text) => text, write: () => {} }), null)
  const { server, ...temporal } = await startTemporal()
  const environment = temporalEnvironment({ temporal })
  const connection = await NativeConnection.connect({ address: temporal.address })
  const access = await connect({ ...process.env, ...environment })
  const folder = createFolder('demo')
  let current: TestWorker | null = null
  const worker = {
    start: async () => {
      current = await createTestWorker({ connection, namespace: temporal.namespace, graceMs: 0 })
    },
    stop: async () => await current?.stop(),
  }
  try {
    await worker.start()
    story.say(`ready. Temporal UI: ${temporal.uiUrl}`)
    const tally = tallyOf(story)
    const playing: Playing = { story, cli: cliWith(environment), access, load: null, ask, signal }
    for (const number of acts) await simulatedAct(number, { playing, worker, tally, folder: folder.path })
    if (isStaying && !signal.aborted) await untilCtrlC(story, { uiUrl: temporal.uiUrl, signal })
    return tally.failures() === 0 ? 0 : 1
  } finally {
    story.rest()
    await worker.stop()
    await access.close()
    await connection.close()
    await server.close()
    folder.remove()
  }
}

type Set = { playing: Playing; worker: Scene['worker']; tally: Tally; folder: string }

const TITLES: { [number: string]: string } = {
  1: 'there',
  2: 'and back by itself',
  3: 'with the worker stopped in the middle, twice',
}

async function simulatedAct(number: string, { playing, worker, tally, folder }: Set): Promise<void> {
  const service = `orders-sim-${number}`
  const world = openWorld(service)
  const { story } = playing
  story.act(Number(number), TITLES[number] ?? '', [
    `examples/${example(number)}.yaml over simulated servers, ${RATE} requests`,
  ])
  const file = join(folder, `${service}.yaml`)
  const text = readFileSync(join(EXAMPLES, `${example(number)}.yaml`), 'utf8')
  writeFileSync(file, hurried(text, placesOf(service)))
  const { plan } = await loadRunbook(file)
  if (plan === undefined) throw new Error(`${file} is not a valid runbook; see: cutover validate ${file}`)
  beginWorlds(Object.values(plan.connections), bareDeps())
  const start = world.snapshot()
  const scene = { world, worker, story, tally }
  const { view } = await play(playing, { service, file, twists: twistsOf(number, scene) })
  judge(number, { scene, view, start })
  forgetWorld(service)
}

function example(number: string): string {
  return number === '1' ? 'orders' : 'orders-canary'
}

function twistsOf(number: string, { world, worker, story }: Scene): Twist[] {
  const breakIt = async () => {
    world.set({ new: { errorRatio: 0.1 } })
    story.say('the new version now fails one request in ten')
  }
  const again = async () => {
    await worker.stop()
    story.say('the worker is gone; another one starts')
    await worker.start()
  }
  if (number === '1') return []
  if (number === '2') return [{ when: atQuarter, what: breakIt }]
  return [
    { when: atQuarter, what: again },
    { when: atQuarter, what: breakIt },
    { when: isGoingBack, what: again },
  ]
}

function judge(number: string, { scene, view, start }: { scene: Scene; view: RunView; start: string }): void {
  const { tally, world } = scene
  const { users } = world.totals()
  tally.check(
    users.lost === 0,
    `${users.requests.toLocaleString('en')} simulated requests: ${users.lost} lost by the cutover, ${users.failed} saw an error of the new version`,
  )
  if (number === '1') return tally.check(view.outcome === 'completed', `the run ended ${view.outcome}`)
  tally.check(view.outcome === 'restored', `the run ended ${view.outcome}: ${view.reason?.text ?? ''}`)
  tally.check(world.snapshot() === start, 'weights, records and instances are as before the run')
  const { traffic, all } = restoreTimes(view)
  scene.story.say(
    `breach -> old side serves again after ${seconds(traffic)}, everything restored after ${seconds(all)}`,
  )
}

function placesOf(world: string): Parameters<typeof hurried>[1] {
  const record = { ttl: 6, values: ['192.0.2.10'] }
  return {
    service: world,
    hold: '4s',
    warmUrl: null,
    resolver: '198.51.100.9',
    newAddress: '192.0.2.20',
    connections: {
      edge: { provider: 'traffic/sim', world, rate: RATE },
      zone: { provider: 'dns/sim', world, zone: 'example.test.', records: { 'api.example.test. A': record } },
      prom: { provider: 'metrics/sim', world, window: '5s' },
      fleet: { provider: 'capacity/sim', world, old: 3, new: 1, warm_up: '500ms' },
      web: { provider: 'probe/sim', world, side: 'new', body: { service: 'orders' } },
      ops: { provider: 'notify/sim', world },
    },
  }
}
