// Who is served through which edge, and all in all, by what targets hold.
import { describe, expect, test } from 'vitest'
import type { Json } from '../../../workflows/json.ts'
import type { Leads } from '../../../workflows/ports/port.ts'
import { type TargetHistory, servedBy, stillServed } from '../../../workflows/served-sides.ts'

const OLD = '192.0.2.10'
const NEW = '192.0.2.20'
const EDGE = '192.0.2.30'
const WEST = { name: 'west', isSplit: true }
const EAST = { name: 'east', isSplit: true }

const old = { old: true, new: false }
const fresh = { old: false, new: true }
const both = { old: true, new: true }
const nobody = { old: false, new: false }

function split(connection: string, share: number): TargetHistory {
  const now = { old: 100 - share, new: share }
  return { connection, port: 'traffic', target: 'split', before: { old: 100, new: 0 }, now }
}

function mirror(connection: string, percent: number): TargetHistory {
  return { connection, port: 'traffic', target: 'mirror', before: { percent: 0 }, now: { percent } }
}

function record(values: string[], declared?: Leads): TargetHistory {
  const rrset = (held: string[]): Json => ({ ttl: 60, values: held })
  return {
    connection: 'zone',
    port: 'dns',
    target: 'api.example.com. A',
    before: rrset([OLD]),
    now: rrset(values),
    ...(declared === undefined ? {} : { declared }),
  }
}

describe('several edges', () => {
  test.each([
    ['nothing is changed yet', [], old, { west: old, east: old }],
    ['one has moved, the other is still to be moved', [split('west', 100)], both, { west: fresh, east: old }],
    ['one after the other', [split('west', 100), split('east', 10)], both, { west: fresh, east: both }],
    ['both have moved', [split('west', 100), split('east', 100)], fresh, { west: fresh, east: fresh }],
    ['one is mirrored', [mirror('west', 20)], both, { west: both, east: old }],
    ['a name is moved before any of them', [record([NEW])], fresh, { west: old, east: old }],
  ] as const)('%s', (...[, held, all, edges]) => {
    expect(servedBy([...held], [WEST, EAST])).toEqual({ all, edges })
  })

  test('one that is only mirrored by its plan keeps nobody on the old side', () => {
    const mesh = { name: 'mesh', isSplit: false }
    expect(servedBy([split('west', 100)], [WEST, mesh]).all).toEqual(fresh)
  })

  test('while users follow a name, what was served before is served still, through every edge', () => {
    const before = servedBy([], [WEST])
    const now = servedBy([split('west', 100)], [WEST])
    expect(stillServed(before, now)).toEqual({ all: both, edges: { west: both } })
  })
})

describe('a name of which the runbook says what it leads to', () => {
  test.each([
    ['an edge that splits nothing yet: the old side', [record([EDGE], 'edge')], old],
    ['an edge at a tenth', [record([EDGE], 'edge'), split('west', 10)], both],
    ['an edge at all of it', [record([EDGE], 'edge'), split('west', 100)], fresh],
    ['an edge, and the old side still', [record([OLD, EDGE], 'edge'), split('west', 100)], both],
    ['the new side, past an edge that is at nothing', [record([NEW], 'new'), split('west', 0)], both],
    ['another address of the old side', [record([NEW], 'old')], old],
    ['both sides', [record([OLD, NEW], 'new'), split('west', 100)], both],
    ['nothing said: an edge says who is served', [record([NEW]), split('west', 0)], old],
  ] as const)('%s', (_what, held, all) => {
    expect(servedBy([...held], [WEST]).all).toEqual(all)
  })

  test('edges count as before their change', () => {
    expect(servedBy([record([EDGE], 'edge')], [WEST]).edges).toEqual({ west: old })
    expect(servedBy([split('west', 0)], [WEST]).edges).not.toEqual({ west: nobody })
  })
})
