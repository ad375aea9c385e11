// What can be told of a run from the server's history alone, when no worker answers.
import { describe, expect, it } from 'vitest'
import { stateFromHistory } from '../../../view/from-history.ts'
import type { Happening } from '../../../view/happening.ts'
import type { Published } from '../../../view/from-history.ts'
import { NOW, START, plan, state } from './fixtures.ts'

const published: Published = {
  phase: 'holding',
  gate: null,
  weight: 25,
  outcome: null,
  startedBy: 'tom',
  startedAt: START,
  endedAt: null,
}
const split = (share: number) => ({ old: 100 - share, new: share })

function apply(desired: number, expected: number, ended: boolean): Happening {
  const input = {
    connection: { name: 'edge' },
    target: 'split',
    desired: split(desired),
    expected: split(expected),
  }
  const result = { written: 'written', readBack: 'match', observed: null }
  return {
    what: 'activity',
    at: NOW,
    type: 'apply',
    summary: `[1/3] canary - edge split old ${100 - desired} new ${desired}`,
    input,
    end: ended ? { at: NOW, ok: true, result, problem: null } : null,
  }
}

const told = (happenings: Happening[], over: Partial<Published> = {}) =>
  stateFromHistory({ plan, carried: null, published: { ...published, ...over }, happenings })

describe('a run of which only the history is known', () => {
  it('has phase, weights and step', () => {
    const known = told([apply(25, 0, true)])
    expect(known).toMatchObject({
      phase: 'holding',
      weights: { edge: { old: 75, new: 25 } },
      cursor: 0,
      startedBy: 'tom',
    })
    expect(known.steps.map(({ status }) => status)).toEqual(['running', 'pending', 'pending'])
  })

  it('lists its changes, and calls a write without an answer unknown', () => {
    const { changes } = told([apply(5, 0, true), apply(25, 5, false)])
    expect(changes).toMatchObject([
      { number: 1, before: split(0), desired: split(5), status: 'applied', verified: true },
      { number: 2, before: split(5), desired: split(25), status: 'unknown', verified: false },
    ])
  })

  it('knows from the plan who may approve', () => {
    const said = { verdict: 'approve', gate: 's02-approve', actor: 'ana' }
    const { gates } = told(
      [{ what: 'message', at: NOW, how: 'update', name: 'decide', said, processed: true }],
      { gate: 's02-approve', phase: 'waiting' },
    )
    expect(gates).toMatchObject([
      { id: 's02-approve', kind: 'approval', people: ['ana', 'raj'], quorum: 2, approvals: ['ana'] },
    ])
  })

  it('shows a message that still waits for a worker', () => {
    const said = { actor: 'ana', reason: 'stop' }
    const { log } = told([{ what: 'message', at: NOW, how: 'signal', name: 'abort', said, processed: false }])
    expect(log.at(-1)?.text).toBe('signal: abort by ana (stop); waits for a worker')
  })

  it('goes on from the state that was carried when the run continued as new', () => {
    const carried = state({ cursor: 1 })
    const known = stateFromHistory({ plan, carried, published, happenings: [] })
    expect(known.cursor).toBe(1)
    expect(known.changes).toHaveLength(1)
  })

  it.each([
    ['s01-canary/5%-1/evidence', ['approve', 'retry']],
    ['s01-canary/5%-1/evidence~2', ['approve', 'retry']],
    ['s01-canary/5%-1/drift', ['retry', 'approve']],
    ['s01-canary/drift/edge/split~2', ['retry', 'approve']],
    ['s01-canary/found/edge/split', ['retry', 'approve']],
    ['s03-switch/failed', ['retry', 'skip']],
    ['s03-switch/breach', ['retry']],
    ['restore/edge/split', ['retry', 'skip']],
    ['restore/edge/split~2', ['retry', 'skip']],
    ['end/edge/split/drift~2', ['retry', 'approve']],
    ['of/another/kind', []],
  ])('offers at gate %s what it takes, and no more', (gate, allows) => {
    expect(told([], { gate, phase: 'stuck' }).gates).toMatchObject([{ id: gate, allows }])
  })

  it('knows that a decommission asks for approval, by whom and how many', () => {
    const spec = { people: ['ana', 'raj'], quorum: 2, self_approval: false, expires: '1h', on_expiry: 'hold' }
    const step = { id: 's04-decommission', index: 4, kind: 'decommission', title: 'old goes', spec }
    const longer = { ...plan, steps: [...plan.steps, step] } as unknown as typeof plan
    const waiting = { ...published, gate: 's04-decommission', phase: 'waiting' }
    const { gates } = stateFromHistory({ plan: longer, carried: null, published: waiting, happenings: [] })
    expect(gates).toMatchObject([
      { kind: 'approval', people: ['ana', 'raj'], quorum: 2, allows: ['approve'] },
    ])
  })

  it('has no step that runs in a run that was restored, and says when it turned back', () => {
    const restore: Happening = {
      what: 'activity',
      at: NOW + 5,
      type: 'restore',
      summary: 'restore edge split',
      input: { connection: { name: 'edge' }, target: 'split', before: split(0) },
      end: { at: NOW + 9, ok: true, result: {}, problem: null },
    }
    const reason = { kind: 'breach', subject: 'errors', evidence: { text: 'bad' }, at: NOW }
    const closed: Happening = {
      what: 'closed',
      at: NOW + 10,
      how: 'ended',
      result: { outcome: 'restored', reason, remainder: [] },
    }
    const ended = told([apply(25, 0, true), restore, closed], {
      endedAt: NOW + 10,
      phase: 'ended',
      weight: 0,
    })
    expect(ended.steps.map(({ status }) => status)).toEqual(['undone', 'pending', 'pending'])
    expect(ended).toMatchObject({ unwindingSince: NOW + 5, weights: { edge: { old: 100, new: 0 } } })
  })

  it('names the abort that the run took as the reason for going back', () => {
    const said = { actor: 'ana', reason: 'stop' }
    const abort: Happening = { what: 'message', at: NOW, how: 'signal', name: 'abort', said, processed: true }
    expect(told([abort], { phase: 'unwinding' }).reason).toMatchObject({ kind: 'abort', actor: 'ana' })
    expect(told([{ ...abort, processed: false }], { phase: 'unwinding' }).reason).toBeNull()
  })

  it('has the outcome and the reason of a run that has ended', () => {
    const reason = { kind: 'abort', actor: 'ana', reason: 'no', via: 'signal', at: NOW }
    const result = { outcome: 'restored', reason, remainder: [] }
    const ended = told([{ what: 'closed', at: NOW, how: 'ended', result }], { endedAt: NOW })
    expect(ended).toMatchObject({ phase: 'ended', outcome: 'restored', reason: { actor: 'ana' } })
  })
})
