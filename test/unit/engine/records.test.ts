// Record sets in steps: what must be there, what a lowered TTL is, and which sides records lead to.
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../workflows/json.ts'
import type { PlannedStep } from '../../../workflows/plan.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'
import { firstBefore, lastKnown, touched } from '../../../workflows/run/journal.ts'
import { servedBy } from '../../../workflows/served-sides.ts'
import type { Change } from '../../../workflows/run/state.ts'
import { heldUntil } from '../../../workflows/run/record-sets.ts'
import { outline } from '../../../workflows/steps/kind-of.ts'
import { stepSchemas } from '../../../workflows/steps/schemas.ts'
import { lowered } from '../../../workflows/steps/ttl/kind.ts'

const RECORD = 'api.example.com. A'
const ABSENT: RRset = { ttl: 0, values: [] }

function planned(kind: 'ttl' | 'repoint', spec: object): PlannedStep {
  const parsed = stepSchemas[kind].parse({ connection: 'zone', ...spec })
  return { id: 's01', index: 1, kind, title: kind, spec: parsed } as PlannedStep
}

describe('a record that is not there', () => {
  const problemsOf = (step: PlannedStep, found: RRset | undefined) =>
    outline(step, () => found).problems ?? []
  const repoint = (more: object) => planned('repoint', { records: { [RECORD]: ['192.0.2.20'] }, ...more })

  test('is a problem of a ttl step and of a repoint, with what to do', () => {
    expect(problemsOf(planned('ttl', { records: [RECORD] }), ABSENT)).toEqual([
      { connection: 'zone', target: RECORD, problem: `Missing: there is no ${RECORD}: check the name` },
    ])
    expect(problemsOf(repoint({}), ABSENT)).toMatchObject([
      { problem: expect.stringContaining('write `create: true` on the step if it is to be created') },
    ])
  })

  test('is none where the runbook creates it, where it is there, and where nobody has looked', () => {
    expect(problemsOf(repoint({ create: true }), ABSENT)).toEqual([])
    expect(problemsOf(repoint({}), { ttl: 60, values: ['192.0.2.10'] })).toEqual([])
    expect(problemsOf(repoint({}), undefined)).toEqual([])
  })
})

test('a TTL is lowered and never raised, for each type in the place of an alias', () => {
  const values = ['A 192.0.2.10', 'AAAA 2001:db8::1']
  expect(lowered('60s', { ttl: 300, values, ttls: { A: 300, AAAA: 30 } })).toEqual({
    ttl: 60,
    values,
    ttls: { A: 60, AAAA: 30 },
  })
  expect(lowered('20s', { ttl: 300, values, ttls: { A: 300, AAAA: 30 } })).toEqual({ ttl: 20, values })
  expect(lowered('60s', { ttl: 30, values: ['192.0.2.10'] })).toEqual({ ttl: 30, values: ['192.0.2.10'] })
})

const entry = (target: string, before: string[], desired: string[]): Change => ({
  number: 1,
  step: 's01',
  connection: 'zone',
  target,
  before: { ttl: 60, values: before },
  desired: { ttl: 60, values: desired },
  status: 'applied',
  verified: true,
  retried: false,
  at: 0,
  appliedAt: 0,
})

describe('how long caches may hold what a record was', () => {
  const OLD = ['192.0.2.10']
  const change = (
    number: number,
    atSeconds: number,
    [ttl, values, to]: [number, string[], Partial<Change>?],
  ) => ({
    ...entry(RECORD, [], ['192.0.2.20']),
    number,
    before: { ttl, values },
    appliedAt: atSeconds * 1_000,
    ...to,
  })
  const until = (changes: Change[], facts = {}) => {
    const ms = heldUntil(changes, changes.at(-1) as Change, facts)
    return ms === null ? null : ms / 1_000
  }

  test.each<[string, Change[], object, number | null]>([
    ['for its TTL, from the moment it was replaced', [change(1, 100, [3600, OLD])], {}, 3700],
    [
      'for the lowered TTL, once the one before it has run out',
      [change(1, 100, [3600, OLD]), change(2, 5000, [60, OLD])],
      {},
      5060,
    ],
    [
      'for the TTL before that one, where nobody waited for it',
      [change(1, 100, [3600, OLD]), change(2, 101, [60, OLD])],
      {},
      3700,
    ],
    [
      'for the value in between as well, where it was moved twice',
      [change(1, 100, [60, OLD]), change(2, 101, [900, ['192.0.2.15']])],
      {},
      1001,
    ],
    ['not at all, where nothing was changed', [change(1, 100, [3600, OLD, { status: 'noop' }])], {}, null],
    [
      'for what a person let stand, from then on',
      [
        change(1, 100, [60, OLD]),
        change(2, 400, [900, OLD, { status: 'adopted' }]),
        change(3, 401, [60, OLD]),
      ],
      {},
      1300,
    ],
    ['as the negative answer of its zone', [change(1, 100, [0, []])], { negativeTtl: 300 }, 400],
    ['and not at all where the zone does not say', [change(1, 100, [0, []])], {}, null],
    ['that has no TTL at all: until it was replaced', [change(1, 100, [0, OLD])], {}, 100],
    [
      'that was an alias: as long as what is behind it',
      [change(1, 100, [60, ['edge.'], { target: 'www.example.com. CNAME' }])],
      { chainTtl: 900 },
      1000,
    ],
    [
      'that is an address: whatever its name leads to besides',
      [change(1, 100, [60, OLD])],
      { chainTtl: 900 },
      160,
    ],
  ])('%s', (...[, changes, facts, seconds]) => {
    expect(until(changes, facts)).toBe(seconds)
  })

  test('is a matter of the record: other records, and what came later, say nothing', () => {
    const [other, later] = [
      change(1, 0, [9999, OLD, { target: 'www.example.com. A' }]),
      change(3, 0, [9999, OLD]),
    ]
    const own = change(2, 100, [60, OLD])
    expect(heldUntil([other, own, later], own, {})).toBe(160_000)
  })
})

describe('what a plan says of the wait for old answers', () => {
  const ALIAS = 'www.example.com. CNAME'
  const OLD = ['192.0.2.10']
  const seen = (rrset: RRset, look: { found?: RRset; facts?: object } = {}) =>
    Object.assign(() => rrset, {
      look: () => ({
        value: look.found ?? rrset,
        ...(look.facts ? { facts: look.facts as JsonObject } : {}),
      }),
    })
  const move = (target: string, more = {}) =>
    planned('repoint', { records: { [target]: ['192.0.2.20'] }, hold: '0s', margin: '0s', ...more })
  const lower = (target: string) => planned('ttl', { records: [target], margin: '0s' })
  const name = ['edge.example.com.']

  test.each<[string, PlannedStep, Parameters<typeof seen>, number]>([
    ['a repoint waits for the TTL in force', move(RECORD), [{ ttl: 3600, values: OLD }], 3600],
    ['and for the margin', move(RECORD, { margin: '5s' }), [{ ttl: 60, values: OLD }], 60 + 5 + 5],
    [
      'for the lowered one behind a ttl step',
      move(RECORD),
      [{ ttl: 60, values: OLD }, { found: { ttl: 3600, values: OLD } }],
      60,
    ],
    ['for nothing where it already is so', move(RECORD), [{ ttl: 3600, values: ['192.0.2.20'] }], 0],
    [
      'for what the zone says of a name that is created',
      move(RECORD, { create: true }),
      [ABSENT, { facts: { negativeTtl: 300 } }],
      300,
    ],
    [
      'for what is behind an alias',
      move(ALIAS),
      [{ ttl: 60, values: name }, { facts: { chainTtl: 900 } }],
      900,
    ],
    [
      'not for the TTL of the alias itself once it is lowered',
      move(ALIAS),
      [
        { ttl: 60, values: name },
        { found: { ttl: 3600, values: name }, facts: { chainTtl: 3600 } },
      ],
      60,
    ],
    [
      'a ttl step waits for it, too',
      lower(ALIAS),
      [{ ttl: 60, values: name }, { facts: { chainTtl: 900 } }],
      900,
    ],
  ])('%s', (...[, step, known, seconds]) => {
    expect(outline(step, seen(...known)).shortestMs).toBe(seconds * 1_000)
  })
})

describe('records lead users', () => {
  const served = (...changes: Change[]) =>
    servedBy(
      touched(changes).map((of) => ({
        ...of,
        port: 'dns',
        before: firstBefore(changes, of) ?? null,
        now: lastKnown(changes, of) ?? null,
      })),
      [],
    ).all
  const OLD = '192.0.2.10'
  const NEW = '192.0.2.20'

  test.each([
    ['to the new side once it is moved', [entry(RECORD, [OLD], [NEW])], { old: false, new: true }],
    ['to both sides with old and new values', [entry(RECORD, [OLD], [OLD, NEW])], { old: true, new: true }],
    [
      'to the new side once the old value is taken out',
      [entry(RECORD, [OLD], [OLD, NEW]), entry(RECORD, [OLD, NEW], [NEW])],
      { old: false, new: true },
    ],
    [
      'to both sides while one of two is moved',
      [entry(RECORD, [OLD], [OLD]), entry('www.example.com. A', [OLD], [NEW])],
      { old: true, new: true },
    ],
    [
      'to the new side through an alias in the place of addresses',
      [entry('www.example.com. CNAME', [`A ${OLD}`], ['edge.example.net.'])],
      { old: false, new: true },
    ],
    [
      'nowhere with a text',
      [entry('api.example.com. TXT', ['"a"'], ['"b"']), entry(RECORD, [OLD], [NEW])],
      { old: false, new: true },
    ],
  ] as const)('%s', (_name, changes, sides) => {
    expect(served(...changes)).toEqual(sides)
  })
})
