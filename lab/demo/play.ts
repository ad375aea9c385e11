// Plays one run to its end: starts it through the CLI, shows it, answers its questions, and lets the act interfere.
import { setTimeout as wait } from 'node:timers/promises'
import { readRun } from '../../view/read.ts'
import type { OpenAccess } from '../../client/command.ts'
import type { GateView, RunView } from '../../view/model.ts'
import type { Load, LoadReport } from '../load.ts'
import type { Cli } from '../stage/cli.ts'
import type { Story } from './story.ts'

const LOOK_EVERY_MS = 400 // smooth to the eye, light for the worker
const RUN_MAX_MS = 150_000 // a run of the demo that takes longer has gone wrong

export type Playing = {
  story: Story
  cli: Cli
  access: OpenAccess
  load: Load | null
  /** Asks the person at the terminal; null = nobody to ask, approvals are given. */
  ask: ((question: string) => Promise<boolean>) | null
  signal: AbortSignal
}

export type Played = { view: RunView; load: LoadReport | null }

/** Something that happens once, when the run has come to it. */
export type Twist = { when: (view: RunView) => boolean; what: (view: RunView) => Promise<void> }

export async function play(
  playing: Playing,
  run: { service: string; file: string; twists: Twist[] },
): Promise<Played> {
  const { story, cli, signal } = playing
  story.command(`cutover start ${run.service}.yaml`)
  const started = await cli.run(['start', run.file, '--yes', '--as', 'maria'])
  if (started.code !== 0) throw new Error(`the run did not start: ${started.stdout}${started.stderr}`)
  const twists = [...run.twists]
  const answered = new Set<string>()
  let end = Date.now() + RUN_MAX_MS
  for (;;) {
    signal.throwIfAborted()
    if (Date.now() > end)
      throw new Error(`the run of ${run.service} did not end within ${RUN_MAX_MS / 1_000} s`)
    const view = await look(playing, run.service)
    const report = (await playing.load?.read()) ?? null
    story.show(view, report === null ? [] : loadLines(report))
    if (view.endedAt !== null) {
      story.rest()
      return { view, load: report }
    }
    const [next] = twists
    if (next?.when(view) === true) {
      twists.shift()
      await next.what(view)
    }
    const asked = Date.now()
    for (const gate of view.gates) await answer(playing, { service: run.service, gate, answered })
    end += Date.now() - asked // a person may take their time
    await wait(LOOK_EVERY_MS)
  }
}

async function look({ access }: Playing, service: string): Promise<RunView> {
  const { view } = await readRun(access, service)
  return view
}

/** Approvals are what the story asks for; other questions are left open, and the run would not end: a failure of the demo. */
async function answer(
  { story, cli, ask }: Playing,
  { service, gate, answered }: { service: string; gate: GateView; answered: Set<string> },
): Promise<void> {
  if (gate.kind !== 'approval' || answered.has(gate.id)) return
  answered.add(gate.id)
  const names = gate.people === 'anyone' ? ['ana'] : gate.people.slice(0, gate.quorum)
  story.say(`question: ${gate.title} (${gate.waitsFor})`)
  const isYes = ask === null || (await ask(`Approve as ${names.join(' and ')}? No aborts. [Y/n] `))
  if (!isYes) {
    await decide(story, cli, ['abort', service, '--reason', 'said no', '--as', names[0] ?? 'ana'])
    return
  }
  for (const name of names) await decide(story, cli, ['approve', service, '--gate', gate.id, '--as', name])
}

async function decide(story: Story, cli: Cli, args: string[]): Promise<void> {
  story.command(`cutover ${args.join(' ')}`)
  const said = await cli.run(args)
  if (said.code !== 0) throw new Error(`${args[0]} was refused: ${said.stderr}`)
}

export function loadLines(report: LoadReport): string[] {
  const last = report.recent.at(-1)
  const shared = last === undefined ? '' : `last second: old ${last.old}, new ${last.new}`
  const injected = report.injected === 0 ? '' : `, ${report.injected} errors made by the new version`
  return [
    `load  ${report.sent.toLocaleString('en')} requests, ${report.failed} failed${injected}; ${shared}; p95 ${Math.round(report.latencyMs.p95)} ms`,
  ]
}
