// The report: planned against actual, evidence, and a page that nothing in it can turn into something else.
import { describe, expect, it } from 'vitest'
import { reportHtml } from '../../../client/output/report-html.ts'
import { reportOf } from '../../../view/report.ts'
import { runView } from '../../../view/run-view.ts'
import type { RunState } from '../../../workflows/run/state.ts'
import { NOW, START, described, plan, reading, state } from './fixtures.ts'

const FACTS = { uiLink: 'http://127.0.0.1:8233/run', sha256: 'abc' }

const WRITTEN = { writtenAt: new Date(NOW).toISOString(), writtenBy: '0.0.0' }

/** As it is read. */
function text(page: string): string {
  return page.replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ')
}

function reportFor(over: Partial<RunState> = {}) {
  const answer = { state: state(over), plan }
  return reportOf(answer, runView(answer, described), WRITTEN)
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
    const page = reportHtml(reportFor({ steps }), FACTS)
    expect(page.match(/<polyline/g)).toHaveLength(2)
    expect(page.match(/<circle/g)).toHaveLength(5)
    expect(page).toContain('max 0.5%')
    expect(page).not.toContain('NaN')
  })

  it('does not say that nothing was watched where a watch was cut short', () => {
    const cut = {
      reason: { kind: 'abort', actor: 'ana', text: 'enough', at: NOW },
      steps: state().steps.map((step) => ({ ...step, readings: {} })),
      sums: { 's01-canary': { errors: { good: 0, bad: 0, unknown: 0 } } },
    } as unknown as Partial<RunState>
    const page = text(reportHtml(reportFor(cut), FACTS))
    expect(page).toContain('What guards had read when the run went back is not kept.')
    expect(page).toContain('the newest few readings are kept at most')
    expect(page).not.toMatch(/Not(?:hing was)? watched/)
    expect(text(reportHtml(reportFor({ ...cut, sums: {} }), FACTS))).toContain('Nothing was watched.')
  })

  it('names the side of a guard that asks for one, and of no other', () => {
    const report = reportFor()
    const titled = (query: string | null) =>
      text(reportHtml({ ...report, guards: report.guards.map((series) => ({ ...series, query })) }, FACTS))
    expect(titled('error_ratio($side)')).toContain('errors (new side)')
    expect(titled('error_ratio(old)')).not.toContain('(new side)')
  })

  it('counts every reading there was, also those that have left the state', () => {
    const sums = { 's01-canary': { errors: { good: 5_000, bad: 3, unknown: 2 } } }
    const report = reportFor({ sums })
    expect(report.guards[0]?.sum).toEqual({ good: 5_000, bad: 3, unknown: 2 })
    expect(reportHtml(report, FACTS)).toMatch(/5,?005 readings\s+of which 1 are kept;\s+3 bad, 2\s+unknown/)
    const gone = state().steps.map((step) => ({ ...step, readings: {} }))
    expect(reportHtml(reportFor({ sums, steps: gone }), FACTS)).not.toContain('Not watched')
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
      FACTS,
    )
    expect(page).not.toMatch(/<script|<img/)
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')
  })

  it('does not state what it does not know: without a worker it is partial, and says unknown', () => {
    const steps = state().steps.map((step) => ({ ...step, readings: {} }))
    const answer = { state: state({ steps, decisions: [] }), plan }
    const stale = { why: 'no worker polls task queue cutover', lastEventAt: null }
    const view = runView(answer, described, stale)
    const page = reportHtml(reportOf(answer, view, WRITTEN), FACTS)
    expect(page).toContain('This report is partial: no worker polls task queue cutover')
    expect(page).toContain('Unknown: whether and how it was watched only a worker can tell.')
    expect(page).toContain('Unknown: only a worker can tell what was decided')
    expect(page).not.toMatch(/Not watched in this run|Nobody had to decide/)
    expect(reportHtml(reportFor({ steps }), FACTS)).toContain('Not watched in this run.')
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
    const page = reportHtml(reportFor({ decisions: [idle], forgotten: 250 }), FACTS)
    expect(page).toContain('250 more had no effect and are only counted')
    expect(page).toMatch(/recorded without effect: the run is going back already/)
    expect(reportHtml(reportFor({ decisions: [], forgotten: 0 }), FACTS)).not.toContain('only counted')
  })

  it('loads nothing from elsewhere', () => {
    const page = reportHtml(reportFor(), FACTS)
    expect(page).not.toMatch(/src=|url\(|@import/)
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, link = '']) => link)
    expect(links.length).toBeGreaterThan(3)
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => `#${id}`)
    for (const link of links) expect([...ids, FACTS.uiLink]).toContain(link)
  })

  it('says first, in words, how many users were moved, for how long, what was seen of them and how it ended', () => {
    const page = text(reportHtml(reportFor(), FACTS))
    expect(page).toContain(
      'At most 25 % of the users of edge were served by the new side, since 2026-03-01 10:00:01 UTC',
    )
    expect(page).toContain('so far; it serves 25 % of them now.')
    expect(page).toContain('Of 1 look at errors, 0 were bad and 0 unknown.')
    const restored = text(
      reportHtml(
        reportFor({
          outcome: 'restored',
          restorations: [
            {
              connection: 'edge',
              target: 'split',
              before: { old: 100, new: 0 },
              status: 'restored',
              note: null,
              at: START + 61_200,
              settled: true,
            },
          ],
        }),
        FACTS,
      ),
    )
    expect(restored).toContain('for 1m; since 2026-03-01 10:01:01 UTC the old side serves all of them.')
    expect(text(reportHtml(reportFor({ changes: [] }), FACTS))).toContain('No users were moved.')
    const record = (values: string[]) => ({
      ...(state().changes[0] as RunState['changes'][number]),
      connection: 'zone',
      target: 'api.example.com. A',
      before: { ttl: 300, values: ['192.0.2.10'] },
      desired: { ttl: 5, values },
    })
    const named = (values: string[]) => text(reportHtml(reportFor({ changes: [record(values)] }), FACTS))
    expect(named(['192.0.2.20'])).toContain('No share of users was moved; names were.')
    expect(named(['192.0.2.10'])).toContain('No users were moved.') // its TTL alone
  })

  it('has the plan that was carried out, the version that wrote it and the hash of its JSON', () => {
    const page = reportHtml(reportFor(), FACTS)
    expect(page).toContain('planVersion: 1')
    expect(page).toContain('by cutover 0.0.0')
    expect(page).toContain(FACTS.sha256)
  })
})
