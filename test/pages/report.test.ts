// The report in a browser: can it be read by everybody? axe-core looks at it on wide and narrow screens, light and dark.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportHtml } from '../../client/output/report-html.ts'
import { type Browser, openBrowser } from '../../lab/browser.ts'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { reportOf } from '../../view/report.ts'
import { runView } from '../../view/run-view.ts'
import type { RunState } from '../../workflows/run/state.ts'
import { NOW, START, described, plan, reading, state } from '../unit/client/fixtures.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SERIOUS = ['serious', 'critical']
const LONG = 'a line that is long enough to need more than one row of a narrow screen '.repeat(3)

const readings = Array.from({ length: 40 }, (_, index) =>
  reading({
    at: new Date(NOW + index * 10_000).toISOString(),
    value: index === 20 ? null : index / 4_000,
    verdict: index === 20 ? 'unknown' : index > 30 ? 'bad' : 'good',
  }),
)

const STATES: { [name: string]: Partial<RunState> } = {
  holding: {},
  restored: {
    outcome: 'restored',
    phase: 'ended',
    endedAt: NOW,
    unwindingSince: NOW - 3_000,
    restoredAt: NOW,
    holding: null,
    reason: { kind: 'breach', subject: 'errors', evidence: reading({ verdict: 'bad' }), at: NOW - 3_000 },
    steps: state().steps.map((step, index) =>
      index === 0 ? { ...step, readings: { errors: readings }, notes: [LONG, LONG] } : step,
    ),
    restorations: [
      {
        connection: 'edge',
        target: 'split',
        before: { old: 100, new: 0 },
        status: 'restored',
        note: LONG,
        at: NOW,
        settled: true,
      },
    ],
    decisions: [
      {
        decisionId: '1',
        gate: 's02-approve',
        verdict: 'approve',
        actor: 'ana',
        reason: LONG,
        digest: null,
        at: START,
        accepted: true,
        why: null,
        via: 'decision',
      },
    ],
    log: Array.from({ length: 80 }, (_, index) => ({ at: START + index, text: LONG })),
  },
}

const PAPER_WIDTH = 690 // pixels of a sheet of A4 between its margins
type Printed = { paper: string; ink: string; folded: string[]; cut: string[]; navigation: string }

/** What would be missing on paper: text in folds that takes no room, and what reaches beyond the edge or is scrolled. */
const PRINTED = `(() => {
  const { backgroundColor: paper, color: ink } = getComputedStyle(document.body)
  const name = (each) => each.tagName + ' ' + each.textContent.trim().slice(0, 30)
  const folds = [...document.querySelectorAll('details > :not(summary)')]
  const folded = folds.filter((each) => each.getBoundingClientRect().height === 0 || !each.checkVisibility()).map(name)
  const inside = [...document.querySelectorAll('main *')].filter((each) => !each.closest('caption, svg') && each.checkVisibility())
  const cut = inside
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 || (each.scrollHeight > each.clientHeight + 1 && getComputedStyle(each).overflowY !== 'visible'))
    .map(name)
  return { paper, ink, folded, cut, navigation: getComputedStyle(document.querySelector('nav')).display }
})()`

let browser: Browser
let folder: Folder
beforeAll(async () => {
  browser = await openBrowser()
  folder = createFolder('pages')
})
afterAll(async () => {
  await browser?.close()
  folder?.remove()
})

function pageOf(name: string): string {
  const answer = { state: state(STATES[name]), plan }
  const written = { writtenAt: new Date(NOW).toISOString(), writtenBy: '0.0.0' }
  const page = reportHtml(reportOf(answer, runView(answer, described), written), {
    uiLink: 'http://127.0.0.1:8233/run',
    sha256: 'abc',
  })
  const path = join(folder.path, `${name}.html`)
  writeFileSync(path, page)
  return pathToFileURL(path).href
}

describe.each(Object.keys(STATES))('the report of a run that is %s', (name) => {
  it.each([
    [1440, false],
    [1440, true],
    [320, false],
    [320, true],
  ])('%i pixels wide, dark: %s, can be read by everybody', async (width, dark) => {
    const script = `${AXE}; axe.run(document).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ target }) => target.join(' ')) })))`
    const found = (await browser.evaluate({ url: pageOf(name), width, dark, script })) as {
      id: string
      impact: string
      where: string[]
    }[]
    expect(found.filter(({ impact }) => SERIOUS.includes(impact))).toEqual([])
    expect(found.map(({ id }) => id)).not.toContain('region') // everything stands in a landmark
  })

  it('is no wider than a telephone, but for what can be scrolled', async () => {
    const script = 'document.documentElement.scrollWidth'
    expect(await browser.evaluate({ url: pageOf(name), width: 320, script })).toBeLessThanOrEqual(320)
  })

  it.each([false, true])('prints light, unfolded and whole, also for who prefers dark: %s', async (dark) => {
    const print = { url: pageOf(name), width: PAPER_WIDTH, dark, media: 'print' as const }
    expect(await browser.evaluate({ ...print, script: PRINTED })).toEqual({
      paper: 'rgb(255, 255, 255)',
      ink: 'rgb(26, 29, 33)',
      folded: [],
      cut: [],
      navigation: 'none',
    })
    const onScreen = (await browser.evaluate({ ...print, media: 'screen', script: PRINTED })) as Printed
    expect(onScreen.folded).not.toEqual([]) // what is looked for above can be found
    if (dark) expect(onScreen.paper).not.toBe('rgb(255, 255, 255)')
  })
})
