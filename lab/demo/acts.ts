// Acts that every ground knows: back by itself, and that with the worker killed twice. What is special to a ground stands with it.
import type { Json } from '../../workflows/json.ts'
import { startLoad } from '../load.ts'
import type { Fleet } from '../servers/fleet.ts'
import type { Cli } from '../stage/cli.ts'
import type { LabWorker } from '../stage/worker.ts'
import { type Tally, checkLoad, checkRestored, restoreTimes, seconds } from './checks.ts'
import { atQuarter, isGoingBack, isWatchedAtQuarterOrMore } from './moments.ts'
import { type Played, type Playing, type Twist, play } from './play.ts'

const LOAD_MAX_SECONDS = 170 // longer than any act
const LOAD_MAX_SECONDS_ASKED = 3_600 // longer than a person looks at a question

/** What acts are played on: real servers with users on their way through them. */
export type Ground = {
  worker: LabWorker
  cli: Cli
  fleets: { new: Fleet }
  ratePerSecond: number
  /** The world as it was before the first act, and as it is; what is looked at, in words. */
  start: Json
  parts: string
  look(): Promise<Json>
  reset(): Promise<void>
}

/** A service, its runbook, and where its users ask. */
export type Move = { service: string; file: string; url: string }

export type Act = { ground: Ground; playing: Omit<Playing, 'load'>; tally: Tally }

export type Ended = Played & { times: ReturnType<typeof restoreTimes> }

/** A demo that is ready to be played: its acts by number. */
export type Programme = {
  ground: Ground
  environment: { [name: string]: string }
  uiUrl: string | null
  acts: { [number: string]: (act: Act) => Promise<Ended> }
  close(): Promise<void>
}

export async function breach(act: Act, move: Move): Promise<Ended> {
  act.playing.story.act(2, 'and back by itself', [
    'the new version starts failing at 25 %: every tenth answer is a 500; nobody touches anything',
  ])
  const ended = await underLoad(act, move, [{ when: atQuarter, what: () => makeFail(act) }])
  await checkBack(act, ended)
  return ended
}

export async function killed(act: Act, move: Move): Promise<Ended> {
  const { ground, playing } = act
  const { server } = ground.worker
  playing.story.act(3, 'with the worker killed, twice', [
    'kill -9 in the middle of the canary, and again while going back',
  ])
  const kill = async (where: string) => {
    const { pid } = server
    await server.kill()
    playing.story.say(`kill -9 ${pid}: the worker is gone ${where}; another one starts`)
    await server.start()
  }
  const ended = await underLoad(act, move, [
    { when: atQuarter, what: () => kill('in the middle of a canary hold') },
    { when: isWatchedAtQuarterOrMore, what: () => makeFail(act) },
    { when: isGoingBack, what: () => kill('in the middle of going back') },
  ])
  await checkBack(act, ended)
  return ended
}

async function makeFail({ ground, playing }: Act): Promise<void> {
  await ground.fleets.new.inject({ errorRatio: 0.1 })
  playing.story.say('the new version now fails one request in ten')
}

async function checkBack({ ground, tally }: Act, { view, times }: Ended): Promise<void> {
  checkRestored(tally, { view, world: await ground.look(), ground })
  tally.check(
    times.traffic !== null,
    `breach -> all traffic on the old side: ${seconds(times.traffic)}; everything restored: ${seconds(times.all)}`,
  )
}

export async function underLoad(act: Act, { service, file, url }: Move, twists: Twist[]): Promise<Ended> {
  const secondsMax = act.playing.ask === null ? LOAD_MAX_SECONDS : LOAD_MAX_SECONDS_ASKED
  const { ratePerSecond } = act.ground
  const load = await startLoad({ target: { url }, ratePerSecond, secondsMax })
  try {
    const played = await play({ ...act.playing, load }, { service, file, twists })
    const report = await load.stop()
    checkLoad(act.tally, report)
    return { view: played.view, load: report, times: restoreTimes(played.view) }
  } finally {
    await load.stop().catch(() => undefined) // already said why, if it could not be read
  }
}

/** The plan of a runbook, as an operator looks at it before. */
export async function showPlan({ ground, playing }: Act, file: string): Promise<void> {
  playing.story.command('cutover plan orders.yaml')
  const said = await ground.cli.run(['plan', file])
  for (const line of (said.stdout + said.stderr).trimEnd().split('\n')) playing.story.say(line)
}
