// What stands on a terminal while a run is watched, drawn by a terminal: nothing walks off the screen, and what is asked of people
// is there whole. The pictures are golden files; `npm run test:unit -- -u test/unit/client/screens` draws them anew.
import { Terminal } from '@xterm/headless'
import { describe, expect, it } from 'vitest'
import { fittedText } from '../../../client/output/fit.ts'
import { live } from '../../../client/output/live.ts'
import type { Output } from '../../../client/command.ts'
import { runView } from '../../../view/run-view.ts'
import type { RunView } from '../../../view/model.ts'
import type { Plan } from '../../../workflows/plan.ts'
import { firstRecord } from '../../../workflows/run/first-state.ts'
import type { RunState } from '../../../workflows/run/state.ts'
import { NOW, START, described, gate, plan, reading, state } from './fixtures.ts'

const ROWS = 24
const FRAMES = 5 // a picture that takes more rows than are counted walks off with each
const WIDTHS = [50, 80, 120]
const UI = 'http://127.0.0.1:8233/namespaces/default/workflows/cutover%2Forders/01a21dd4/history'

type Case = { state: Partial<RunState>; plan?: Plan; stale?: RunView['stale'] }

const TITLES = [
  'prewarm',
  '移行の準備をする',
  '🚀 switch to the new home of the orders service',
  'canary 5% 25% 50%',
]

/** Twenty steps, the ninth under way; eight guards of all moods. */
function long(): Case {
  const step = plan.steps[0] as Plan['steps'][number]
  const steps = Array.from({ length: 20 }, (_, index) => ({
    ...step,
    id: `s${index}`,
    index: index + 1,
    title: TITLES[index % TITLES.length] as string,
  }))
  const names = ['errors', 'p95', 'p99', 'errors-of-the-payments-front-end', 'orders', 'cpu', 'queue', 'db']
  const [guard] = plan.guards
  const guards = names.map((name) => ({ ...guard, name })) as Plan['guards']
  const told = (name: string, index: number) => [
    reading({
      value: index / 2_000,
      verdict: 'good',
      text: `${index / 20} % of 0.5 %, 1,204 samples of ${name}`,
    }),
  ]
  const readings = Object.fromEntries(names.map((name, index) => [name, told(name, index)]))
  readings['cpu'] = [reading({ verdict: 'bad', value: 0.009, text: '0.9 %, at most 0.5 %, 1,100 samples' })]
  readings['queue'] = [reading({ verdict: 'unknown', value: null, text: 'unknown: no series matched' })]
  const records = steps.map(({ id }, index) => ({
    ...firstRecord(id),
    status: index < 8 ? ('done' as const) : index === 8 ? ('running' as const) : ('pending' as const),
    startedAt: index < 9 ? START + index * 10_000 : null,
    endedAt: index < 8 ? START + index * 10_000 + 9_000 : null,
    notes: index === 8 ? ['25 % confirmed: new 24.6 % of 1,024 requests'] : [],
    readings: index === 8 ? readings : {},
  }))
  const log = Array.from({ length: 12 }, (_, index) => ({
    at: START + index,
    text: `edge split: 移行 ${index}`.repeat(4),
  }))
  return { plan: { ...plan, steps, guards } as Plan, state: { cursor: 8, steps: records, log } }
}

const CASES: { [name: string]: Case } = {
  holding: { state: {} },
  long: long(),
  asked: {
    ...long(),
    state: {
      ...long().state,
      phase: 'stuck',
      gates: [gate('s09-canary/25%-1/evidence', ['approve', 'retry'])],
    },
  },
  'going back': {
    state: {
      phase: 'unwinding',
      holding: null,
      reason: {
        kind: 'breach',
        subject: 'errors',
        evidence: reading({ verdict: 'bad', text: '0.9 %, at most 0.5 %' }),
        at: NOW,
      },
      unwindingSince: NOW - 2_000,
      restorations: [
        {
          connection: 'edge',
          target: 'split',
          before: { old: 100, new: 0 },
          status: 'restoring',
          note: 'Unavailable: no answer within 4s',
          at: null,
          settled: true,
        },
      ],
    },
  },
  'without a worker': {
    state: { holding: null },
    stale: { why: 'no worker answered within 30 s', lastEventAt: new Date(NOW - 60_000).toISOString() },
  },
}

const viewOf = (of: Case) =>
  runView({ state: state(of.state), plan: of.plan ?? plan }, described, of.stale ?? null)

/** The rows of the screen, and how many have walked off above it. */
async function screen(view: RunView, width: number): Promise<{ rows: string[]; gone: number }> {
  const terminal = new Terminal({ cols: width, rows: ROWS, allowProposedApi: true, convertEol: true })
  const out = { width, write: (text: string) => terminal.write(text) } as unknown as Output
  const block = live(out, () => ROWS)
  for (let frame = 0; frame < FRAMES; frame++)
    block.draw(fittedText(view, { width, color: true, now: NOW + frame, uiUrl: UI }, ROWS - 2))
  block.end()
  await new Promise<void>((resolve) => terminal.write('', resolve))
  const { active } = terminal.buffer
  const rows = Array.from(
    { length: ROWS },
    (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
  )
  terminal.dispose()
  return { rows, gone: active.baseY }
}

describe.each(Object.entries(CASES))('a run that is %s', (name, of) => {
  it.each(WIDTHS)('on %i columns', async (width) => {
    const view = viewOf(of)
    const { rows, gone } = await screen(view, width)
    expect(gone).toBe(0)
    expect(rows[0]).toContain(view.service)
    const text = rows.join('').replaceAll(/\s+/g, '')
    for (const { id, allows } of view.gates)
      for (const verb of allows) expect(text).toContain(`cutover${verb}orders--gate${id}`)
    await expect(`${rows.join('\n').trimEnd()}\n`).toMatchFileSnapshot(
      `screens/${name.replaceAll(' ', '-')}-${width}.txt`,
    )
  })

  it.each(WIDTHS)('on %i columns and 14 rows: headline, question and commands stay', (width) => {
    const view = viewOf(of)
    const lines = fittedText(view, { width, color: false, now: NOW, uiUrl: UI }, 14)
    const text = lines.join('').replaceAll(/\s+/g, '')
    expect(lines[0]).toContain(view.service)
    expect(text).toContain(view.wayBack === null ? 'restored' : 'yes,atanymoment')
    for (const { id, title, allows } of view.gates) {
      expect(text).toContain(`Gate${id}${title}`)
      for (const verb of allows) expect(text).toContain(`cutover${verb}orders--gate${id}`)
    }
  })

  it('in colours that leave what is read and copied to the colours of the terminal', () => {
    const lines = fittedText(viewOf(of), { width: 80, color: true, now: NOW, uiUrl: UI }, 200)
    // Foreground colours 30 to 37; bold and dim are no colours.
    const coloured = lines.flatMap((line) =>
      [...line.matchAll(/\u001b\[3[0-7]m(.*?)\u001b\[39m/g)].map(([, text = '']) => text),
    )
    expect(coloured.length).toBeGreaterThan(0)
    for (const text of coloured) expect(text).toMatch(/^[^\p{L}]*$/u)
  })
})
