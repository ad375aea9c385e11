// The three acts on the lab: there; there and back by itself; and with the worker killed twice.
import { startLoad } from '../load.ts'
import type { Stage } from '../stage/stage.ts'
import { type Tally, checkLoad, checkRestored, restoreTimes, seconds } from './checks.ts'
import { atQuarter, isGoingBack } from './moments.ts'
import { type Played, type Playing, play } from './play.ts'

const RATE = 400 // requests per second: every share is visible, and two cores stay free for the servers
const LOAD_MAX_SECONDS = 170 // longer than any act
const LOAD_MAX_SECONDS_ASKED = 3_600 // longer than a person looks at a question

export type Act = { stage: Stage; playing: Omit<Playing, 'load'>; tally: Tally }

export type Ended = Played & { times: ReturnType<typeof restoreTimes> }

export async function forward(act: Act): Promise<Ended> {
  const { stage, playing, tally } = act
  playing.story.act(1, 'there', [
    `orders moves from old to new: examples/orders.yaml on real servers, hours made seconds, ${RATE} requests per second`,
    'check, pre-warm, lower the TTL, ask, shadow, 5 -> 25 -> 50 -> 100 %, repoint, hold, decommission',
  ])
  const file = stage.runbook('orders', { service: 'orders', edge: 'envoy', hold: '3s' })
  await show(act, ['plan', file])
  const ended = await underLoad(act, stage.lab.addresses.envoy.url, { service: 'orders', file, twists: [] })
  const world = await stage.look()
  tally.check(ended.view.outcome === 'completed', `the run ended ${ended.view.outcome}`)
  tally.check(
    world.envoy.new === 100 && world.envoy.mirror === 0,
    'all traffic is on the new side, nothing is mirrored',
  )
  const { bind } = world
  tally.check(
    bind.ttl === stage.start.bind.ttl && bind.values[0] === stage.lab.addresses.haproxy.entries.new,
    `api.example.test points to the new entry, its TTL is ${bind.ttl} s again`,
  )
  tally.check(world.capacity.old === 0, 'the old side has been taken down')
  return ended
}

export async function breach(act: Act): Promise<Ended> {
  const { stage, playing } = act
  playing.story.act(2, 'and back by itself', [
    'the new version starts failing at 25 %: every tenth answer is a 500; nobody touches anything',
  ])
  const ended = await underLoad(act, stage.lab.addresses.haproxy.url, {
    service: 'orders-back',
    file: stage.runbook('orders-canary', { service: 'orders-back', edge: 'haproxy', hold: '5s' }),
    twists: [{ when: atQuarter, what: () => makeFail(act) }],
  })
  await checkBack(act, ended)
  return ended
}

export async function killed(act: Act): Promise<Ended> {
  const { stage, playing } = act
  const { server } = stage.worker
  playing.story.act(3, 'with the worker killed, twice', [
    'kill -9 in the middle of the canary, and again while going back',
  ])
  const kill = async (where: string) => {
    const { pid } = server
    await server.kill()
    playing.story.say(`kill -9 ${pid}: the worker is gone ${where}; another one starts`)
    await server.start()
  }
  const ended = await underLoad(act, stage.lab.addresses.haproxy.url, {
    service: 'orders-killed',
    file: stage.runbook('orders-canary', { service: 'orders-killed', edge: 'haproxy', hold: '5s' }),
    twists: [
      { when: atQuarter, what: () => kill('in the middle of a canary hold') },
      {
        when: (view) => atQuarter(view) && view.guards.some(({ goodInRow }) => goodInRow > 0),
        what: () => makeFail(act),
      },
      { when: isGoingBack, what: () => kill('in the middle of going back') },
    ],
  })
  await checkBack(act, ended)
  return ended
}

async function makeFail({ stage, playing }: Act): Promise<void> {
  await stage.lab.fleets.new.inject({ errorRatio: 0.1 })
  playing.story.say('the new version now fails one request in ten')
}

async function checkBack({ stage, tally }: Act, { view, times }: Ended): Promise<void> {
  checkRestored(tally, { view, world: await stage.look(), start: stage.start })
  tally.check(
    times.traffic !== null,
    `breach -> all traffic on the old side: ${seconds(times.traffic)}; everything restored: ${seconds(times.all)}`,
  )
}

async function underLoad(act: Act, url: string, run: Parameters<typeof play>[1]): Promise<Ended> {
  const secondsMax = act.playing.ask === null ? LOAD_MAX_SECONDS : LOAD_MAX_SECONDS_ASKED
  const load = await startLoad({ target: { url }, ratePerSecond: RATE, secondsMax })
  try {
    const played = await play({ ...act.playing, load }, run)
    const report = await load.stop()
    checkLoad(act.tally, report)
    return { view: played.view, load: report, times: restoreTimes(played.view) }
  } finally {
    await load.stop().catch(() => undefined) // already said why, if it could not be read
  }
}

async function show({ stage, playing }: Act, args: [verb: string, file: string]): Promise<void> {
  playing.story.command(`cutover ${args[0]} orders.yaml`)
  const said = await stage.cli.run(args)
  for (const line of (said.stdout + said.stderr).trimEnd().split('\n')) playing.story.say(line)
}
