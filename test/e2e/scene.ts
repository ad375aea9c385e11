// What every end-to-end test stands on: load from the first to the last moment, 0 failed requests, a clean end.
// Runs are started, asked and decided through the CLI only; the world is looked at without it.
import { expect } from 'vitest'
import type { RunView } from '../../view/model.ts'
import { connect } from '../../client/temporal.ts'
import type { LoadReport, LoadTarget } from '../../lab/load.ts'
import { type Load, startLoad } from '../../lab/load.ts'
import type { Following } from '../../lab/stage/cli.ts'
import type { Runbook } from '../../lab/stage/runbook.ts'
import type { Stage } from '../../lab/stage/stage.ts'
import { until } from '../../lab/until.ts'

const RATE = 400 // requests per second: small shares are visible, and two cores stay free for the servers
const SECONDS_MAX = 240 // longer than any test
const SERVED_MIN = 200 // fewer requests would prove nothing
const SEEN_WITHIN_MS = 20_000 // caches and scrapes follow within seconds
export const STARTER = 'maria'

export type Scene = {
  name: string
  target: LoadTarget
  /** Errors made by the service on purpose; no test of the way has any. */
  withInjected?: true
}

/** Plays `body` under load and asserts that no request failed. */
export async function underLoad(
  { name, target, withInjected }: Scene,
  body: (load: Load) => Promise<unknown>,
): Promise<LoadReport> {
  const load = await startLoad({ target, ratePerSecond: RATE, secondsMax: SECONDS_MAX })
  try {
    await body(load)
    const report = await load.stop()
    const { sent, sides, injected } = report
    say(
      `${name}: ${sent} requests (old ${sides.old.answered}, new ${sides.new.answered}, errors injected ${injected}), ${report.failed} failed`,
    )
    expect(report.failures).toEqual({})
    expect(report.failed).toBe(0)
    expect(sent).toBeGreaterThan(SERVED_MIN)
    if (withInjected === undefined) expect(injected).toBe(0)
    else expect(injected).toBeGreaterThan(0)
    return report
  } finally {
    await load.stop().catch(() => undefined) // it ended by itself: the assertion above has said so
  }
}

/** `start --wait` without a terminal: its lines tell the run, its exit code the outcome. */
export function begin({ cli }: Stage, file: string, flags: string[] = []): Following {
  return cli.follow(['start', file, '--yes', '--wait', '--as', STARTER, ...flags])
}

/** Goes to the share that the test is about at once. */
export function straightTo(share: string): (runbook: Runbook) => void {
  return ({ steps }) => {
    for (const step of steps) if (step['canary'] !== undefined) step['canary']['weights'] = [share]
  }
}

export async function statusOf({ cli }: Stage, service: string, flags: string[] = []): Promise<RunView> {
  return await cli.json<RunView>(['status', service, ...flags])
}

/** Says a decision and expects that it is taken. */
export async function decide({ cli }: Stage, words: string[]): Promise<string> {
  const said = await cli.run(words)
  expect(said, said.stderr).toMatchObject({ code: 0, stderr: '' })
  return said.stdout
}

/** Approves the gate of a step of this kind as soon as it is open, by each of the people. */
export async function approveWhenAsked(
  stage: Stage,
  run: Following,
  of: { service: string; kind: string; people: string[] },
): Promise<void> {
  const line = await run.line(new RegExp(`asking: .*\\(gate s\\d+-${of.kind}\\)`))
  const gate = gateIn(line)
  for (const name of of.people) {
    await decide(stage, ['approve', of.service, '--gate', gate, '--as', name, '--reason', 'looks right'])
  }
}

/** `asking: ... (gate s05-approve)` -> `s05-approve` */
export function gateIn(line: string): string {
  const gate = /\(gate (\S+)\)/.exec(line)?.[1]
  if (gate === undefined) throw new Error(`no gate in: ${line}`)
  return gate
}

/** Everything as before the run, said by the run and by the world. */
export async function expectRestored(stage: Stage, service: string): Promise<RunView> {
  const view = await statusOf(stage, service)
  expect(view.outcome, JSON.stringify(view.log, null, 1)).toBe('restored')
  expect(view.gates).toEqual([])
  expect(await stage.look()).toEqual(stage.start)
  const { reason, restorations, restoredAt } = view
  const split = restorations.find(({ target }) => target === 'split') // a move by DNS has none
  const traffic = split === undefined ? '' : `traffic back after ${after(reason, split.at)}, `
  say(`${service}: ${reason?.kind} -> ${traffic}all of it after ${after(reason, restoredAt)}`)
  return view
}

function after(reason: RunView['reason'], at: string | null): string {
  if (at === null || reason === null) return 'an unknown time'
  return `${((Date.parse(at) - Date.parse(reason.at)) / 1_000).toFixed(2)} s`
}

/** Waits until all requests of the last second went to one side. */
export async function servedBy(load: Load, side: 'old' | 'new'): Promise<void> {
  const other = side === 'old' ? 'new' : 'old'
  await until(
    `all requests are served by ${side}`,
    async () => {
      const last = (await load.read()).recent.at(-1)
      return last !== undefined && last[side] > 0 && last[other] === 0
    },
    SEEN_WITHIN_MS,
  )
}

/** For the next test: servers up, no run left open by a test that failed, the world as at the beginning. */
export async function clear(stage: Stage): Promise<void> {
  const { temporal, prometheus } = stage.lab.servers
  await temporal.start()
  await Promise.all([prometheus.start(), stage.worker.server.start()])
  await stage.cli.end()
  const access = await connect({ ...process.env, ...stage.environment })
  try {
    for await (const { workflowId } of access.client.workflow.list({ query: `ExecutionStatus="Running"` })) {
      await access.client.workflow
        .getHandle(workflowId)
        .terminate('its test has ended')
        .catch(() => undefined) // it ended meanwhile
    }
  } finally {
    await access.close()
  }
  await stage.reset()
}

/** A line of figures among the test results. */
export function say(text: string): void {
  process.stdout.write(`  e2e ${text}\n`)
}
