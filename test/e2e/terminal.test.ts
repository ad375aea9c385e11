// A person at a terminal: what is typed at the question, and Ctrl-C in the middle of the live view. `script` is the terminal,
// keys are bytes on its input.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { CUTOVER } from '../../lab/stage/worker.ts'
import { until } from '../../lab/until.ts'
import { clear, statusOf } from './scene.ts'

const TEST_MS = 120_000 // a handful of commands, on two busy cores
const SEEN_WITHIN_MS = 60_000
const [CTRL_C, CTRL_D] = ['\u0003', '\u0004']

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
const screens = new Set<ChildProcess>()
afterEach(async () => {
  for (const screen of screens) screen.kill() // `script` ends what runs in it
  screens.clear()
  await clear(stage)
})
afterAll(() => stage?.close())

type Terminal = {
  /** Waits until the screen has shown it. */
  shows(text: string | RegExp): Promise<void>
  type(keys: string): void
  /** Exit code and everything that was shown. */
  ended(): Promise<{ code: number; shown: string }>
}

function terminal(args: string[]): Terminal {
  const words = [process.execPath, CUTOVER, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qefc', `stty rows 30 cols 100; exec ${words}`, '/dev/null'], {
    env: { ...process.env, ...stage.environment, NO_COLOR: '1', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  screens.add(child)
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (shown += piece))
  const closed = once(child, 'close') as Promise<[number | null]>
  return {
    shows: (text) =>
      until(
        `the terminal shows ${text}`,
        () => {
          const isThere = typeof text === 'string' ? shown.includes(text) : text.test(shown)
          if (isThere) return true
          throw new Error(`it shows:\n${shown}`)
        },
        SEEN_WITHIN_MS,
      ).then(() => undefined),
    type: (keys) => void child.stdin.write(keys),
    async ended() {
      const [code] = await closed
      return { code: code ?? -1, shown }
    },
  }
}

function canary(service: string): string {
  return stage.runbook('orders-canary', { service, edge: 'haproxy', hold: '20s' })
}

describe('the question of start', () => {
  it.each([
    ['Ctrl-D', 'by-ctrl-d', CTRL_D, 1],
    ['a word that is not yes', 'by-no', 'no\r', 1],
    ['Ctrl-C', 'by-ctrl-c', CTRL_C, 130],
  ])(
    'answered by %s starts nothing and says so',
    async (...[, service, keys, code]) => {
      const asked = terminal(['start', canary(service)])
      await asked.shows('Type yes:')
      asked.type(keys)
      const said = await asked.ended()
      expect(said, said.shown).toMatchObject({ code })
      expect(said.shown).not.toMatch(/^\s+at |unsettled|Warning/m)
      if (code === 1) expect(said.shown).toContain('nothing was started')
      expect((await stage.cli.run(['status', service])).stderr).toContain(`there is no run of ${service}`)
    },
    TEST_MS,
  )
})

describe('watch', () => {
  it(
    'is left with Ctrl-C: the cursor is back, the run goes on',
    async () => {
      const started = terminal(['start', canary('watched')])
      await started.shows('Type yes:')
      started.type('yes\r')
      expect(await started.ended()).toMatchObject({ code: 0 })
      const watching = terminal(['watch', 'watched'])
      await watching.shows(/canary/)
      watching.type(CTRL_C)
      const said = await watching.ended()
      expect(said, said.shown).toMatchObject({ code: 130 })
      expect(said.shown).toContain('left watched running')
      expect(said.shown.lastIndexOf('\u001b[?25h')).toBeGreaterThan(said.shown.lastIndexOf('\u001b[?25l'))
      expect(await statusOf(stage, 'watched')).toMatchObject({ outcome: null })
    },
    TEST_MS,
  )
})
