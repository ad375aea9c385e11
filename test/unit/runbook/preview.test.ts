// What `cutover plan` says: each change from what to what, as if the steps before it were done.
import { describe, expect, test } from 'vitest'
import { allSpecs } from '../../../client/runbook/load.ts'
import { paint } from '../../../client/output/paint.ts'
import { previewLines } from '../../../client/runbook/preview-text.ts'
import { type Look, preview, targetsToLookAt } from '../../../client/runbook/preview.ts'
import { RIGHT, cautionsOf, planOf } from './fixture.ts'

const LOOKS: Look[] = [
  { connection: 'edge', target: 'split', value: { old: 100, new: 0 }, problem: null },
  { connection: 'mesh', target: 'mirror', value: { percent: 0 }, problem: null },
  { connection: 'fleet', target: 'old', value: { count: 3 }, problem: null },
  { connection: 'fleet', target: 'new', value: { count: 1 }, problem: null },
  {
    connection: 'zone',
    target: 'api.example.com. A',
    value: { ttl: 3600, values: ['192.0.2.9'] },
    problem: null,
  },
]

describe('with a look at every target', () => {
  test('each change starts from what the one before it left', async () => {
    const { steps } = preview(await planOf(RIGHT), LOOKS, allSpecs())
    const changes = steps.flatMap(({ changes: all }) =>
      all.map(({ target, before, desired }) => [target, before, desired]),
    )
    expect(changes).toEqual([
      ['new', { count: 1 }, { count: 6 }],
      ['api.example.com. A', { ttl: 3600, values: ['192.0.2.9'] }, { ttl: 60, values: ['192.0.2.9'] }],
      ['mirror', { percent: 0 }, { percent: 20 }],
      ['mirror', { percent: 20 }, { percent: 0 }],
      ['split', { old: 100, new: 0 }, { old: 95, new: 5 }],
      ['split', { old: 95, new: 5 }, { old: 50, new: 50 }],
      ['split', { old: 50, new: 50 }, { old: 0, new: 100 }],
      ['api.example.com. A', { ttl: 60, values: ['192.0.2.9'] }, { ttl: 60, values: ['192.0.2.1'] }],
      ['old', { count: 3 }, { count: 0 }],
    ])
  })

  test('the wait for an old TTL follows from the TTL that was found', async () => {
    const { steps } = preview(await planOf(RIGHT), LOOKS, allSpecs())
    expect(steps[1]?.shortest).toBe('1h5s')
  })

  test('the text marks the point of no return and ends with the digest', async () => {
    const plan = await planOf(RIGHT)
    const lines = previewLines(preview(plan, LOOKS, allSpecs()), {
      width: 100,
      paint: paint(false),
      offline: false,
    })
    const text = lines.join('\n')
    expect(text.indexOf('point of no return')).toBeLessThan(text.indexOf('decommission the old side'))
    expect(text).toContain('edge split: old 100 new 0 -> old 95 new 5')
    expect(text).toContain('fleet new: 1 instance -> 6 instances')
    expect(lines.at(-1)).toContain(plan.digest)
  })
})

test('offline, what cannot be known is null and the rest is told', async () => {
  const { steps, problems } = preview(await planOf(RIGHT), [], allSpecs())
  expect(problems).toEqual([])
  expect(steps[0]?.changes).toMatchObject([
    { connection: 'fleet', target: 'new', before: null, desired: null },
  ])
  expect(steps[3]?.changes).toMatchObject([
    { before: null, desired: { old: 95, new: 5 } },
    { before: { old: 95, new: 5 }, desired: { old: 50, new: 50 } },
  ])
  expect(steps.map(({ reversible }) => reversible)).toEqual([true, true, true, true, true, true, true, false])
})

test('a target that cannot be looked at is shown with its problem', async () => {
  const plan = await planOf(RIGHT)
  const looks = [
    { connection: 'edge', target: 'split', value: null, problem: 'Unavailable: no socket' },
    ...LOOKS.slice(1),
  ]
  const shown = preview(plan, looks, allSpecs())
  expect(shown.problems).toEqual([{ connection: 'edge', target: 'split', problem: 'Unavailable: no socket' }])
  const text = previewLines(shown, { width: 100, paint: paint(false), offline: false }).join('\n')
  expect(text).toContain('edge split: cannot be looked at: Unavailable: no socket')
})

test('the targets to look at include what a change is computed from', async () => {
  const text = RIGHT.replace(/ {2}- decommission.*\n/, '')
  expect(targetsToLookAt(await planOf(text))).toContainEqual({ connection: 'fleet', target: 'old' })
})

function guard(name: string, more: string): string {
  return `  ${name}: { from: prom, query: 'sum(rate(x{side="$side"}[1m]))', max: 1, ${more} }\nnotify:`
}

describe('the guards that a step is watched by', () => {
  test('sleep until their side is served, and comparisons again when the other is not', async () => {
    const text = RIGHT.replace('notify:', guard('old', 'side: old')).replace(
      'notify:',
      guard('both', 'compare: { to: old, increase_max: 10% }'),
    )
    const watched = preview(await planOf(text), [], allSpecs()).steps.map(({ watched: names }) =>
      names.join(' '),
    )
    expect(watched).toEqual([
      'old', 'old', 'both errors old', 'both errors old', 'errors', 'both errors old', 'errors', 'errors',
    ]) // prettier-ignore
  })

  test('a guard that no step is ever watched by is a caution', async () => {
    const text = RIGHT.replace(/ {2}- (?:shadow|canary|switch|repoint|decommission).*\n/g, '')
    const cautions = await cautionsOf(text)
    expect(cautions.map(({ path, message }) => `${path} ${message}`)).toContainEqual(
      expect.stringMatching(/^guards\.errors no step is ever watched by errors/),
    )
  })
})
