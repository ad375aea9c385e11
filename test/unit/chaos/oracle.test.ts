// The oracle of the chaos harness: it must say "wrong" for each kind of wrong end, and nothing over a right one.
import { describe, expect, it } from 'vitest'
import type { RunView } from '../../../view/model.ts'
import { noDeeds } from '../../chaos/inflict.ts'
import { type Story } from '../../chaos/story.ts'
import { problemsOf } from '../../chaos/oracle.ts'
import type { Sample, Sight } from '../../chaos/sight.ts'

const START: Sight = {
  edge: { old: 100, new: 0, mirror: 0, served: null, members: [] },
  record: { ttl: 2, values: ['127.0.0.11'] },
  fleet: { old: 3, new: 1 },
}
const WANTED: Sight = { ...START, edge: { ...START.edge, old: 50, new: 50 }, fleet: { old: 3, new: 3 } }
const ENDED_AT = 60_000

const change = (target: string, status = 'applied') =>
  ({ connection: target === 'split' ? 'edge' : 'fleet', target, status }) as RunView['changes'][number]

function view(of: Partial<RunView>): RunView {
  return {
    outcome: 'restored',
    reason: { kind: 'abort', text: '', at: '' },
    stale: null,
    weights: null,
    unwindingSince: new Date(0).toISOString(),
    changes: [change('split'), change('new')],
    remainder: [],
    log: [],
    decisions: [],
    gates: [],
    ...of,
  } as Partial<RunView> as RunView
}

function sample(at: number, sight: Partial<Sight> = {}): Sample {
  return { at, ...START, ...sight }
}

function story(of: Partial<Story>): Story {
  return {
    scenario: {
      name: 'seed 1',
      seed: 1,
      shape: {
        edge: 'haproxy',
        zone: 'bind',
        steps: [
          { kind: 'prewarm', factor: 1 },
          { kind: 'canary', weights: [50] },
        ],
      },
      acts: [],
      people: { approvalAfterMs: 0, patienceMs: 0, drift: 'approve', restore: 'skip', evidence: 'retry' },
    },
    closed: 'completed',
    closedAt: ENDED_AT,
    view: view({}),
    start: START,
    end: START,
    newEntry: '127.0.0.12',
    samples: [],
    calls: [],
    deeds: noDeeds(),
    answered: [],
    lies: [],
    lost: {},
    open: [],
    ...of,
  }
}

const foreign = (at: number) => ({
  ...noDeeds(),
  foreign: [{ at, target: 'edge split' as const, value: { old: 61, new: 39 } }],
})
const THEIRS = { ...START.edge, old: 61, new: 39 }

describe('a right end', () => {
  it('is restored over the world of the start, or completed over the wanted one', () => {
    expect(problemsOf(story({}))).toEqual([])
    const completed = { view: view({ outcome: 'completed', reason: null }), end: WANTED }
    expect(problemsOf(story(completed))).toEqual([])
  })

  it("is a stranger's value left where the run has changed nothing", () => {
    const left = { end: { ...START, edge: THEIRS }, deeds: foreign(100), view: view({ changes: [] }) }
    expect(problemsOf(story(left))).toEqual([])
  })

  it('is more instances than ordered, where somebody else has ordered them', () => {
    const theirs = { at: 100, target: 'fleet new' as const, value: { count: 6 } }
    const more = {
      view: view({ outcome: 'completed', reason: null }),
      end: { ...WANTED, fleet: { old: 3, new: 6 } },
    }
    expect(problemsOf(story({ ...more, deeds: { ...noDeeds(), foreign: [theirs] } }))).toEqual([])
    expect(problemsOf(story(more)).join()).toMatch(/new instances: 6 instead of 3/)
  })
})

describe('a wrong end', () => {
  it.each<[string, Partial<Story>, RegExp]>([
    ['restored, and users are on new', { end: WANTED }, /restored, but the split/],
    [
      'completed, and users are on old',
      { view: view({ outcome: 'completed', reason: null }) },
      /completed, but the split/,
    ],
    [
      'restored, and Envoy serves something else than its file says',
      { end: { ...START, edge: { ...START.edge, served: '{}' } } },
      /what the proxy serves/,
    ],
    [
      'a remainder that is not listed',
      { end: WANTED, view: view({ outcome: 'completed-with-remainder' }) },
      /but the split/,
    ],
    [
      'weights shown that are not there',
      { view: view({ weights: { old: 25, new: 75 } }) },
      /shown weights 25\/75/,
    ],
    ['a run that does not end', { closed: null }, /did not end/],
    ['a lock left behind', { open: ['cutover-lock/x'] }, /left open/],
    ['lost requests', { lost: { haproxy: 3 } }, /3 requests by haproxy were lost/],
    [
      'an abort that nobody heard',
      { deeds: { ...noDeeds(), aborts: [{ at: 1_000, via: 'signal' }] } },
      /abort \(signal\) was lost/,
    ],
    [
      'one name for two questions',
      {
        view: view({
          log: ['', ''].map(() => ({ at: '', text: 'asking: edge? (gate restore/edge/split/1)' })),
        }),
      },
      /names two questions/,
    ],
    ['a question that says what is not so', { lies: ['gate g: found null'] }, /found null/],
    [
      'a write that lands after the end',
      { samples: [sample(ENDED_AT + 100), sample(ENDED_AT + 900, { edge: THEIRS })] },
      /edge changed 900 ms after the end/,
    ],
    [
      "a stranger's value overwritten unasked",
      {
        deeds: foreign(10_000),
        samples: [sample(10_100, { edge: THEIRS }), sample(12_000, { edge: THEIRS }), sample(13_000)],
      },
      /overwritten unasked after 3000 ms/,
    ],
    [
      'instances taken away under users',
      { samples: [sample(1_000, WANTED), sample(1_150, { ...WANTED, fleet: START.fleet })] },
      /instances 3 -> 1 while the edge gave 50 % to new/,
    ],
    [
      'instances taken away on the way there',
      {
        view: view({ outcome: 'completed', reason: null, unwindingSince: null }),
        samples: [sample(1_000, { fleet: { old: 3, new: 6 } }), sample(1_150, { fleet: WANTED.fleet })],
        end: WANTED,
      },
      /instances 6 -> 3 on the way there/,
    ],
  ])('is seen: %s', (_name, of, problem) => {
    expect(problemsOf(story(of)).join('\n')).toMatch(problem)
  })

  it("is not a stranger's value overwritten with a person's word, other than abort", () => {
    const at = { answered: [{ at: 12_000, gate: 'g', verdict: 'retry', title: 'edge split was changed' }] }
    const samples = [sample(10_100, { edge: THEIRS }), sample(13_000)]
    expect(problemsOf(story({ deeds: foreign(10_000), samples, ...at }))).toEqual([])
    const aborted = [{ ...at.answered[0], verdict: 'abort' } as Story['answered'][number]]
    expect(problemsOf(story({ deeds: foreign(10_000), samples, answered: aborted }))).toHaveLength(1)
  })
})
