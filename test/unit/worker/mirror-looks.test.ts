// Which runs a look at the mirror reads, what it says of many at once, and what becomes an event of Kubernetes.
import { describe, expect, it } from 'vitest'
import { failure } from '../../../activities/failure.ts'
import type { ListedRun } from '../../../view/list.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { type Known, type Scene, type Stored, chosen, pauseAfter } from '../../../worker/mirror/choose.ts'
import { eventsOf } from '../../../worker/mirror/events.ts'
import { teller, wordsOf } from '../../../worker/mirror/tell.ts'

const NOW = Date.parse('2026-06-01T12:00:00Z')
const HOUR_MS = 3_600_000
const at = (ms: number): string => new Date(ms).toISOString()

const listed = (service: string, over: Partial<ListedRun> = {}): ListedRun => ({
  service,
  phase: 'holding',
  weight: 50,
  gate: null,
  outcome: null,
  startedAt: at(NOW - HOUR_MS),
  endedAt: null,
  workflowId: `cutover/${service}`,
  runId: `run-of-${service}`,
  ...over,
})
const object = (service: string, status: Stored['status'] = {}): Stored =>
  ({
    metadata: { name: service, uid: service, resourceVersion: '7' },
    spec: { service, temporalNamespace: 'default' },
    status: { phase: 'holding', share: '50%', runId: `run-of-${service}`, ...status },
  }) as Stored
const TOLD = (service: string): string => `run-of-${service} holding 50%  `
const known = (service: string, over: Partial<Known> = {}): [string, Known] => [
  service,
  { told: TOLD(service), resourceVersion: '7', triedAt: NOW - 5_000, run: undefined, ...over },
]
const read = (over: Partial<Scene>): string[] =>
  chosen({ runs: [], stored: [], known: new Map(), temporalNamespace: 'default', now: NOW, ...over }).now.map(
    ({ service }) => service,
  )
const many = Array.from({ length: 1_000 }, (_, number) => `s${number}`)

describe('of a thousand runs', () => {
  it('one that has moved is read at once, with a few of the others, those first that waited longest', () => {
    const before = new Map(many.map((name, number) => known(name, { triedAt: NOW - number })))
    const runs = many.map((name) => listed(name, name === 's3' ? { weight: 75 } : {}))
    const now = read({ runs, stored: many.map((name) => object(name)), known: before })
    expect(now).toHaveLength(21)
    expect(now.slice(0, 2)).toEqual(['s3', 's999'])
    const scene = { runs, stored: many.map((name) => object(name)), known: before }
    const { now: all } = chosen({ ...scene, temporalNamespace: 'default', now: NOW })
    expect(all.map(({ isTurn }) => isTurn).indexOf(true), 'only those may wait').toBe(1)
  })

  it('none is read in haste by a worker that has just begun, where its object says what the server says', () => {
    const runs = many.map((name) => listed(name))
    expect(read({ runs, stored: many.map((name) => object(name)) })).toHaveLength(20)
    const missed = many.map((name) => object(name, name === 's3' ? { share: '25%' } : {}))
    expect(read({ runs, stored: missed })[0]).toBe('s3')
  })

  it('a hundred are read in one look where all are new, those first that somebody looks for', () => {
    const runs = many.map((name) => listed(name, name === 's999' ? { phase: 'stuck' } : {}))
    const now = read({ runs })
    expect([now.length, now[0]]).toEqual([100, 's999'])
  })

  it('the next look comes the sooner while some that have moved are left over', () => {
    const runs = many.map((name) => listed(name))
    const scene = { stored: [], known: new Map(), temporalNamespace: 'default', now: NOW }
    const { left } = chosen({ ...scene, runs })
    expect(left).toBe(900)
    const of = { tookMs: 3_000, everyMs: 2_000, mostMs: 30_000 }
    expect(pauseAfter({ ...of, left })).toBe(3_000)
    expect(pauseAfter({ ...of, left: 0 })).toBe(12_000)
    expect(pauseAfter({ ...of, left: 0, tookMs: 60_000 })).toBe(30_000)
    expect(chosen({ ...scene, runs: runs.slice(0, 100) }).left).toBe(0)
  })

  it('one of which no worker could tell is read again, behind those that were not tried since', () => {
    const runs = many.map((name) => listed(name))
    const missed = known('s3', { told: null, resourceVersion: undefined, triedAt: NOW })
    const before = new Map([missed, known('s5', { resourceVersion: undefined })])
    const all = { runs, known: before, stored: many.map((name) => object(name)).slice(6) }
    expect(read(all).slice(0, 5)).toEqual(['s0', 's1', 's2', 's4', 's3'])
  })

  it('those that cannot be shown do not come before one that can', () => {
    const denied = many.slice(0, 500)
    const before = new Map(denied.map((name) => known(name, { resourceVersion: undefined })))
    expect(read({ runs: many.map((name) => listed(name)), known: before })[0]).toBe('s500')
  })
})

describe('a run', () => {
  it('whose object somebody has written or removed is read at once', () => {
    const runs = many.map((name) => listed(name))
    const before = new Map(many.map((name) => known(name)))
    const stored = many.flatMap((name) => (name === 's7' ? [] : [object(name)]))
    ;(stored[3] as Stored).metadata.resourceVersion = '8'
    expect(read({ runs, stored, known: before }).slice(0, 2)).toEqual(['s3', 's7'])
  })

  it('that has ended is read until its object says so, and no more', () => {
    const endedAt = at(NOW - 60_000)
    const runs = [listed('orders', { phase: 'ended', outcome: 'completed', endedAt })]
    expect(read({ runs })).toEqual(['orders'])
    expect(read({ runs, stored: [object('orders')] })).toEqual(['orders'])
    expect(read({ runs, stored: [object('orders', { phase: 'ended', endedAt })] })).toEqual([])
  })

  it('that ended long ago gets no object any more, but one that nobody has seen end is told to the end', () => {
    const runs = [listed('orders', { phase: 'ended', endedAt: at(NOW - HOUR_MS) })]
    expect(read({ runs })).toEqual([])
    expect(read({ runs, stored: [object('orders')] })).toEqual(['orders'])
    expect(read({ runs, stored: [object('orders', { runId: 'an earlier one' })] })).toEqual(['orders'])
    expect(read({ stored: [object('orders')] }), 'the listing has forgotten it').toEqual(['orders'])
    expect(read({ stored: [object('orders')], temporalNamespace: 'another' })).toEqual([])
  })
})

describe('what is said', () => {
  const said = (): { lines: string[]; tell: ReturnType<typeof teller> } => {
    const lines: string[] = []
    const line = (text: string): void => void lines.push(text)
    return { lines, tell: teller({ log: { info: line, warn: line }, missed: () => {} }) }
  }

  it('of a thousand runs that are refused alike is one line, once, and one when it is over', () => {
    const { lines, tell } = said()
    for (const _ of [1, 2]) {
      for (const name of many)
        tell.one(name, wordsOf(failure('Denied', `showing the run of ${name} as Cutover c/${name}: 403`)))
      tell.say()
    }
    for (const name of many) tell.one(name, null)
    tell.say()
    expect(lines).toEqual([
      'the runs of s0, s1, s2 and 997 more are not shown in Kubernetes: Denied: showing the run of s0 as Cutover c/s0: 403; trying again, no run waits for it',
      'the runs of s0, s1, s2 and 997 more are shown in Kubernetes again',
    ])
  })

  it('of troubles that are not alike stays apart', () => {
    const { lines, tell } = said()
    tell.one('orders', 'one')
    tell.one('billing', 'another')
    tell.say()
    expect(lines).toHaveLength(2)
  })
})

describe('events', () => {
  const RUN = { runId: 'r', startedAt: at(NOW), version: { startedAt: at(NOW), beganAt: at(NOW), events: 9 } }
  const between = (before: Stored['status'] | null, status: JsonObject): string[] =>
    eventsOf({
      service: 'orders',
      uid: 'u',
      namespace: 'cutover',
      before: before === null ? undefined : { ...RUN, ...before },
      status: { ...RUN, ...status } as JsonObject,
      now: NOW,
    }).map((event) => [event['type'], event['reason'], event['message']].join(' | '))

  const CASES: [string, Stored['status'] | null, JsonObject, string[]][] = [
    ['a beginning', null, { phase: 'starting', startedBy: 'maria' }, ['Normal | Started | by maria']],
    ['nothing', { phase: 'running' }, { phase: 'holding' }, []],
    [
      'a share',
      { share: '5%' },
      { share: '25%' },
      ['Normal | UsersMoved | 25% of the requests go to the new side'],
    ],
    [
      'an approval',
      {},
      { phase: 'waiting', gate: { id: 's02', kind: 'approval', title: 'All users', waitsFor: '1 of maria' } },
      ['Normal | Asking | s02: All users: waits for 1 of maria'],
    ],
    [
      'a question about trouble',
      { gate: { id: 'g1', kind: 'drift' } },
      { gate: { id: 'g2', kind: 'evidence', title: 'errors', waitsFor: 'evidence' } },
      ['Warning | Asking | g2: errors: waits for evidence'],
    ],
    [
      'a way back',
      { phase: 'holding' },
      { phase: 'unwinding', reason: 'errors 3 %' },
      ['Warning | GoingBack | errors 3 %'],
    ],
    [
      'an end',
      { phase: 'unwinding', reason: 'errors 3 %' },
      { phase: 'ended', outcome: 'completed-with-remainder', reason: 'errors 3 %' },
      ['Warning | CompletedWithRemainder | errors 3 %'],
    ],
    ['a pause', {}, { paused: 'by raj: lunch' }, ['Normal | Paused | by raj: lunch']],
    ['its end', { paused: 'by raj: lunch' }, {}, ['Normal | Resumed | it goes on']],
    [
      'the next run',
      { startedAt: at(NOW - HOUR_MS), outcome: 'restored' },
      { startedBy: 'raj' },
      ['Normal | Started | by raj'],
    ],
  ]
  it.each(CASES)('tell of %s', (...[, before, status, expected]) => {
    expect(between(before, status)).toEqual(expected)
  })
})
