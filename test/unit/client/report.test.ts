// The report: planned against actual, evidence, and a page that nothing in it can turn into something else.
import { describe, expect, it } from 'vitest'
import { reportHtml } from '../../../client/output/report-html.ts'
import { reportOf } from '../../../view/report.ts'
import { runView } from '../../../view/run-view.ts'
import type { RunState } from '../../../workflows/run/state.ts'
import { NOW, described, plan, reading, state } from './fixtures.ts'

function reportFor(over: Partial<RunState> = {}) {
  const answer = { state: state(over), plan }
  return reportOf(answer, runView(answer, described), new Date(NOW).toISOString())
}

const at = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString()

describe('the report', () => {
  it('sets planned against actual for every step', () => {
    const [canary, approve] = reportFor().steps
    expect(canary?.planned).toMatchObject({ shortestMs: 600_000, irreversible: null })
    expect(canary?.planned.changes).toHaveLength(2)
    expect(canary?.actual.changes).toHaveLength(1)
    expect(approve?.planned.longestMs === null || approve?.planned.decides !== null).toBe(true)
  })

  it('draws every guard with its threshold, and leaves a gap where nothing was known', () => {
    const readings = [
      reading({ at: at(0) }),
      reading({ at: at(1) }),
      reading({ at: at(2), verdict: 'unknown', value: null, text: 'no data' }),
      reading({ at: at(3), verdict: 'bad', value: 0.02 }),
      reading({ at: at(4) }),
    ]
    const steps = state().steps.map((step, index) =>
      index === 0 ? { ...step, readings: { errors: readings } } : step,
    )
    const page = reportHtml(reportFor({ steps }))
    expect(page.match(/<polyline/g)).toHaveLength(2)
    expect(page.match(/<circle/g)).toHaveLength(5)
    expect(page).toContain('max 0.5%')
    expect(page).not.toContain('NaN')
  })

  it('counts every reading there was, also those that have left the state', () => {
    const sums = { 's01-canary': { errors: { good: 5_000, bad: 3, unknown: 2 } } }
    const report = reportFor({ sums })
    expect(report.guards[0]?.sum).toEqual({ good: 5_000, bad: 3, unknown: 2 })
    expect(reportHtml(report)).toMatch(/5,?005 readings\s+of which 1 are kept;\s+3 bad, 2\s+unknown/)
    const gone = state().steps.map((step) => ({ ...step, readings: {} }))
    expect(reportHtml(reportFor({ sums, steps: gone }))).not.toContain('Not watched')
  })

  it('escapes whatever people and backends wrote', () => {
    const evil = `</title><script>alert("1")</script><img src=x onerror='x'>&`
    const page = reportHtml(
      reportFor({
        service: evil,
        log: [{ at: NOW, text: evil }],
        decisions: [
          {
            decisionId: '1',
            gate: evil,
            verdict: 'approve',
            actor: evil,
            reason: evil,
            digest: null,
            at: NOW,
            accepted: false,
            why: evil,
            via: 'signal',
          },
        ],
        remainder: [{ connection: evil, target: evil, note: evil }],
      }),
    )
    expect(page).not.toMatch(/<script|<img/)
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')
  })

  it('does not state what it does not know: without a worker it is partial, and says unknown', () => {
    const steps = state().steps.map((step) => ({ ...step, readings: {} }))
    const answer = { state: state({ steps, decisions: [] }), plan }
    const stale = { why: 'no worker polls task queue cutover', lastEventAt: null }
    const view = runView(answer, described, stale)
    const page = reportHtml(reportOf(answer, view, new Date(NOW).toISOString()))
    expect(page).toContain('This report is partial: no worker polls task queue cutover')
    expect(page).toContain('Unknown: whether and how it was watched only a worker can tell.')
    expect(page).toContain('Unknown: only a worker can tell what was decided')
    expect(page).not.toMatch(/Not watched in this run|Nobody had to decide/)
    expect(reportHtml(reportFor({ steps }))).toContain('Not watched in this run.')
  })

  it('says how many decisions are not listed, and which were taken and changed nothing', () => {
    const idle = {
      decisionId: '1',
      gate: null,
      verdict: 'abort',
      actor: 'raj',
      reason: '',
      digest: null,
      at: NOW,
      accepted: true,
      why: 'the run is going back already',
      via: 'decision',
    } as const
    const page = reportHtml(reportFor({ decisions: [idle], forgotten: 250 }))
    expect(page).toContain('250 more had no effect and are only counted')
    expect(page).toMatch(/recorded without effect: the run is going back already/)
    expect(reportHtml(reportFor({ decisions: [], forgotten: 0 }))).not.toContain('only counted')
  })

  it('loads nothing from elsewhere', () => {
    expect(reportHtml(reportFor())).not.toMatch(/(?:src|href)=|url\(|@import|https?:/)
  })
})
