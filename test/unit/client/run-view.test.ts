// What status, watch and JSON tell of a run, from literal states.
import { describe, expect, it } from 'vitest'
import { headline, runText } from '../../../client/output/run-text.ts'
import { statusLine } from '../../../client/output/status-line.ts'
import { UNFOLDED } from '../../../client/output/sheet.ts'
import { widthOf } from '../../../client/output/paint.ts'
import { exitCodeOf } from '../../../client/exit-codes.ts'
import { runView } from '../../../view/run-view.ts'
import { firstRecord } from '../../../workflows/run/first-state.ts'
import type { RunState } from '../../../workflows/run/state.ts'
import { NOW, START, described, gate, plan, reading, state } from './fixtures.ts'

const look = { width: 80, color: false, now: NOW, fold: { ...UNFOLDED, logLines: 5 } }
const viewOf = (over: Partial<RunState> = {}, pending = described.pending) =>
  runView({ state: state(over), plan }, { ...described, pending })

describe('a question', () => {
  it('about evidence has the query that cannot be read, to be asked by hand', () => {
    const text = runText(
      viewOf({
        gates: [{ ...gate('s01-canary/25%-1/evidence', ['approve', 'retry']), kind: 'evidence' }],
        steps: [
          {
            ...firstRecord('s01-canary'),
            readings: { errors: [reading({ verdict: 'unknown', value: null })] },
          },
        ],
      }),
      look,
    ).join('\n')
    expect(text).toContain('query of errors: error_ratio(new)')
  })

  it('of an approval says who cannot answer it, and whom it does not concern', () => {
    const asked = (over: object, startedBy = 'tom') =>
      runText(viewOf({ startedBy, gates: [{ ...gate('s02-approve'), ...over }] }), {
        ...look,
        width: 120,
      }).join('\n')
    expect(asked({ people: 'anyone' })).toContain(
      '0 of 2 approvals (none yet); not tom, who started the run;',
    )
    expect(asked({}, 'Ana')).toContain('(none yet); not Ana, who started the run;')
    expect(asked({})).not.toContain('who started the run')
    expect(asked({ people: 'anyone', selfApproval: true })).not.toContain('who started the run')
  })
})

describe('the view of a run', () => {
  it('has the fields that scripts rely on', () => {
    const view = viewOf()
    expect(view).toMatchObject({
      service: 'orders',
      outcome: null,
      phase: 'holding',
      step: { index: 1, total: 3, id: 's01-canary', title: 'canary 5% 25%' },
      gate: null,
      weights: { old: 75, new: 25 },
    })
    expect(view.changes[0]).toMatchObject({ target: 'split', before: { old: 100, new: 0 }, verified: true })
    expect(view.guards[0]).toMatchObject({ name: 'errors', verdict: 'good', value: 0.002, breachAt: 3 })
    expect(JSON.parse(JSON.stringify(view))).toEqual(view)
  })

  it('prefers the reading of the watch under way to the one kept with the step', () => {
    const last = reading({ verdict: 'bad', value: 0.04, text: '4 %, at most 0.5 %' })
    const heartbeat = { subjects: { errors: { last, badInRow: 2, goodInRow: 0 } } }
    const view = viewOf({}, [{ type: 'watch', attempt: 9, heartbeat, problem: 'NotYet: ...', nextAt: null }])
    expect(view.guards[0]).toMatchObject({ verdict: 'bad', badInRow: 2, text: '4 %, at most 0.5 %' })
    expect(view.retrying).toEqual([])
  })

  it('survives heartbeat details of a shape it does not know', () => {
    for (const heartbeat of [
      null,
      7,
      'x',
      [],
      { subjects: 3 },
      { subjects: { errors: null, p95: { last: 4 } } },
    ]) {
      const view = viewOf({}, [{ type: 'watch', attempt: 2, heartbeat, problem: null, nextAt: null }])
      expect(view.guards[0]?.text).toBe('0.2 %, at most 0.5 %, 1,204 samples')
    }
  })

  it('names a call that is being tried again', () => {
    const view = viewOf({}, [
      { type: 'apply', attempt: 3, heartbeat: null, problem: 'Unavailable: refused', nextAt: null },
    ])
    expect(view.retrying).toEqual([
      { call: 'apply', attempt: 3, problem: 'Unavailable: refused', nextAt: null },
    ])
    expect(runText(view, look).join('\n')).toContain('apply is tried again (attempt 3): Unavailable: refused')
  })
})

describe('an effect that does not show yet', () => {
  const pending = [
    {
      type: 'confirm',
      attempt: 3,
      heartbeat: { memory: null, lines: ['an earlier look'] },
      problem: 'NotYet: Application argocd/orders is OutOfSync: HTTPRoute shop/orders',
      nextAt: new Date(NOW + 4_000).toISOString(),
    },
  ]

  it('is told in the words of the last look, and is no call that is tried again', () => {
    const view = viewOf({}, pending)
    expect(view.proofs).toEqual([
      {
        attempt: 3,
        text: 'Application argocd/orders is OutOfSync: HTTPRoute shop/orders',
        nextAt: new Date(NOW + 4_000).toISOString(),
      },
    ])
    expect(view.retrying).toEqual([])
    expect(runText(view, { ...look, width: 160 })).toContain(
      '  not to be seen yet: Application argocd/orders is OutOfSync: HTTPRoute shop/orders; looked at again in 4s',
    )
  })

  it('that has not been looked at is no line', () => {
    expect(viewOf({}, [{ ...(pending[0] as (typeof pending)[0]), problem: null }]).proofs).toEqual([])
  })
})

describe('decisions without effect', () => {
  const refused = {
    decisionId: '1',
    gate: 's02-approve',
    verdict: 'approve',
    actor: 'mia',
    reason: '',
    digest: null,
    at: NOW - 1_000,
    accepted: false,
    why: 'mia is not on the list of s02-approve: ana, raj',
    via: 'signal',
  } as const

  it('are counted in status, with the last one, also those that are not listed any more', () => {
    const view = viewOf({ decisions: [refused], forgotten: 250 })
    expect(view.decisionsNotListed).toBe(250)
    const text = runText(view, { ...look, width: 120 }).join('\n')
    expect(text).toContain('251 decisions had no effect (250 of them are only counted)')
    expect(text).toContain('mia: approve s02-approve: mia is not on the list of s02-approve: ana, raj')
  })

  it('are no word in a run that has none', () => {
    const taken = { ...refused, accepted: true, why: null }
    expect(runText(viewOf({ decisions: [taken] }), look).join('\n')).not.toContain('no effect')
  })
})

describe('what is over', () => {
  const failure = { kind: 'failure', step: 'locks', failure: 'Conflict', message: 'held', at: NOW } as const
  const later = { ...look, now: NOW + 3_600_000 }

  it('of a run that changed nothing it says that, not that everything is back', () => {
    const view = viewOf({ outcome: 'restored', phase: 'ended', changes: [], reason: failure, endedAt: NOW })
    expect(headline(view)).toBe('restored: nothing was changed; locks failed: Conflict: held')
    expect(headline(viewOf({ outcome: 'restored', reason: failure }))).toMatch(
      /^restored: everything is back;/,
    )
  })

  it('a step under way ends when the run turns back: it counts no longer and does not run', () => {
    const view = viewOf({ phase: 'unwinding', reason: failure, unwindingSince: START + 33_000 })
    expect(view.steps[0]).toMatchObject({
      status: 'interrupted',
      endedAt: new Date(START + 33_000).toISOString(),
    })
    expect(runText(view, later).join('\n')).toMatch(/■ 1 canary 5% 25% +33s/)
  })

  it("of an earlier run without the time of its steps' end, they end with the way back", () => {
    const steps = state().steps.map((step) => ({ ...step, status: 'undone' }) as const)
    const ended = {
      outcome: 'restored',
      phase: 'ended',
      endedAt: START + 97_000,
      reason: failure,
      steps,
    } as const
    const text = runText(viewOf({ ...ended, unwindingSince: START + 33_000 }), later).join('\n')
    expect(text).toMatch(/↩ 1 canary 5% 25% +33s/)
    expect(text).not.toMatch(/canary.*1h/)
  })

  it('nothing of a run that was ended from outside counts on', () => {
    const ended = { ...described, status: 'TERMINATED', endedAt: new Date(START + 60_000).toISOString() }
    const view = runView({ state: state({ unwindingSince: START + 50_000 }), plan }, ended)
    expect(view.steps[0]).toMatchObject({ status: 'interrupted' })
    expect(runText(view, later).join('\n')).not.toMatch(/going back for|canary.*1h/)
  })
})

describe('what only a worker knows', () => {
  const stale = { why: 'no worker polls task queue cutover', lastEventAt: null }
  const partial = (over: Partial<RunState>) => runView({ state: state(over), plan }, described, stale)
  const steps = state().steps.map((step) => ({ ...step, readings: {} }))

  it('is called unknown: a guard without a reading here may have had many', () => {
    const view = partial({ steps })
    expect(view.guards[0]).toMatchObject({ verdict: 'unknown', value: null })
    expect(runText(view, look).join('\n')).toMatch(/\? errors +unknown: only a worker can tell/)
    expect(runView({ state: state({ steps }), plan }, described).guards[0]).toMatchObject({ verdict: null })
  })

  it('is the way back: by its history it is there, and begins with a worker', () => {
    expect(runView({ state: state(), plan }, described).wayBack).toMatchObject({
      isPossible: true,
      isCertain: true,
    })
    expect(partial({}).wayBack).toMatchObject({ isPossible: true, isCertain: false })
    expect(runText(partial({}), { ...look, width: 120 }).join('\n')).toContain(
      'back     by its history yes, at any moment: cutover abort orders --reason R; it begins when a worker is up',
    )
  })

  it('is called unknown: what a hold waits for, and why the run goes back', () => {
    expect(runText(partial({ holding: null }), look).join('\n')).toContain('unknown: only a worker can tell')
    const back = runText(partial({ phase: 'unwinding', holding: null }), look).join('\n')
    expect(back).toContain('going back: why is not known without a worker')
  })
})

describe('the exit code of a run', () => {
  const abort = { kind: 'abort', actor: 'ana', reason: 'no', via: 'decision', at: NOW } as const
  const failure = { kind: 'failure', step: 's01', failure: 'Denied', message: 'no', at: NOW } as const
  const unchanged = { outcome: 'restored', changes: [] } as const
  const noops = state().changes.map((change) => ({ ...change, status: 'noop' }) as const)
  it.each([
    ['is 0 when everything has moved', { outcome: 'completed' }, 0],
    ['is 3 when a person aborted and everything is back', { outcome: 'restored', reason: abort }, 3],
    ['is 5 when it failed and everything is back', { outcome: 'restored', reason: failure }, 5],
    ['is 1 when it failed before it changed anything', { ...unchanged, reason: failure }, 1],
    ['is 1 when all it met was as wanted', { ...unchanged, changes: noops, reason: failure }, 1],
    ['is 3 when a person aborted before anything was changed', { ...unchanged, reason: abort }, 3],
    ['is 4 when something is left to a person', { outcome: 'completed-with-remainder', reason: abort }, 4],
    ['is 4 while a person is needed', { phase: 'stuck' }, 4],
    ['does not exist while a run waits for an approval', { phase: 'waiting', gates: [gate('g')] }, undefined],
  ] as [string, Partial<RunState>, number | undefined][])('%s', (_name, over, code) => {
    expect(exitCodeOf(viewOf(over))).toBe(code)
  })

  it('is 4 when the run was terminated: nothing was put back', () => {
    const view = runView(
      { state: state(), plan },
      { ...described, status: 'TERMINATED', endedAt: new Date(NOW).toISOString() },
    )
    expect(exitCodeOf(view)).toBe(4)
    expect(view).toMatchObject({ phase: 'ended', gates: [], holding: null })
    expect(runText(view, look).join('\n')).toContain('edge/split was old 100 new 0, written old 75 new 25')
  })
})

describe('the text of a run', () => {
  it('fits into the width of the terminal', () => {
    const long = 'a very long word about what happened '.repeat(6).trim()
    const view = viewOf({
      gates: [gate('s02-approve')],
      log: [{ at: NOW, text: long }],
      restorations: [
        {
          connection: 'edge',
          target: 'split',
          before: { old: 100, new: 0 },
          status: 'stuck',
          note: long,
          at: null,
          settled: true,
        },
      ],
    })
    for (const width of [60, 80, 132]) {
      for (const line of runText(view, { ...look, width })) expect(widthOf(line)).toBeLessThanOrEqual(width)
    }
  })

  it('shows weights as bars, what is waited for and until when', () => {
    const text = runText(viewOf(), look).join('\n')
    expect(text).toMatch(/new +█+▌?░+ +25%/)
    expect(text).toContain('new side at 25%')
    expect(text).toContain('(in 1m)')
    expect(text).toContain('0.2 %, at most 0.5 %, 1,204 samples')
  })

  it('shows the bars of several edges under their names, and says of which nothing is known', () => {
    const weights = { west: { old: 0, new: 100 }, east: null }
    const text = runText(viewOf({ weights }), look).join('\n')
    expect(text).toMatch(/\nwest\nold +░+ +0%\nnew +█+ +100%\n\neast\nits weights are not known\n/)
    expect(runText(viewOf({ weights: { edge: null } }), look).join('\n')).not.toContain('not known')
  })

  it('is one line where one is wanted', () => {
    const [line, ended] = [
      viewOf({ gates: [gate('s02-approve')] }),
      viewOf({ outcome: 'completed', phase: 'ended', holding: null }),
    ].map((view) => statusLine(view, NOW))
    expect(line).toBe('orders holding [1/3] canary 5% 25%, new 25%, asks at s02-approve, until in 1m')
    expect(ended).toMatch(/^orders completed: everything has moved/)
  })

  it('offers the commands that answer an open gate', () => {
    const text = runText(viewOf({ gates: [gate('s02-approve')] }), look).join('\n')
    expect(text).toContain('cutover approve orders --gate s02-approve')
    expect(text).toContain('cutover abort orders --reason R')
  })

  it('does not offer abort once the run is going back or cannot', () => {
    const end = { step: 's03', why: 'capacity is gone', at: NOW }
    const text = runText(viewOf({ gates: [gate('g', ['retry'])], pointOfNoReturn: end }), look).join('\n')
    expect(text).toContain('cutover retry orders --gate g --reason R')
    expect(text).not.toContain('cutover abort')
  })

  it("does not let a backend's words steer the terminal", () => {
    const text = runText(viewOf({ log: [{ at: NOW, text: 'x\u001b[2Jy\nz\u202e' }] }), look).join('\n')
    for (const hidden of ['\u001b', '\u202e']) expect(text).not.toContain(hidden)
    expect(text).toContain('xy z')
  })

  it('says what is stale and why', () => {
    const stale = {
      why: 'no worker polls task queue cutover',
      lastEventAt: new Date(NOW - 60_000).toISOString(),
    }
    const text = runText(runView({ state: state(), plan }, described, stale), look).join('\n')
    expect(text).toContain('no worker polls task queue cutover')
    expect(text).toContain('Last event 1m ago')
    expect(text).toContain('Last events')
  })
})
