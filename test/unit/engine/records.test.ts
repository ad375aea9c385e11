// Record sets in steps: what must be there, what a lowered TTL is, and which sides records lead to.
import { describe, expect, test } from 'vitest'
import type { PlannedStep } from '../../../workflows/plan.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'
import { firstBefore, lastKnown, touched } from '../../../workflows/run/journal.ts'
import { servedBy } from '../../../workflows/served-sides.ts'
import type { Change } from '../../../workflows/run/state.ts'
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

describe('records lead users', () => {
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
  const served = (...changes: Change[]) =>
    servedBy(
      touched(changes).map((of) => ({
        port: 'dns',
        target: of.target,
        before: firstBefore(changes, of) ?? null,
        now: lastKnown(changes, of) ?? null,
      })),
    )
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
