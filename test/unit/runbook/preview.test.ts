// What `cutover plan` says: each change from what to what, as if the steps before it were done.
import { describe, expect, test } from 'vitest'
import { allSpecs } from '../../../client/runbook/load.ts'
import { paint } from '../../../client/output/paint.ts'
import { previewLines } from '../../../client/runbook/preview-text.ts'
import { type Preview, preview, targetsToLookAt } from '../../../client/runbook/preview.ts'
import type { Surveyed } from '../../../client/runbook/surveyed.ts'
import type { Json } from '../../../workflows/json.ts'
import type { TargetLook } from '../../../workflows/survey.ts'
import type { TrialResult } from '../../../workflows/trial.ts'
import { RIGHT, cautionsOf, planOf } from './fixture.ts'

const LOOKS: TargetLook[] = [
  looked('edge', 'split', { old: 100, new: 0 }),
  looked('mesh', 'mirror', { percent: 0 }),
  looked('fleet', 'old', { count: 3 }),
  looked('fleet', 'new', { count: 1 }),
  looked('zone', 'api.example.com. A', { ttl: 3600, values: ['192.0.2.9'] }),
]
const SEEN: Surveyed = { looks: LOOKS, trials: [] }
const OFFLINE: Surveyed = { looks: [], trials: [] }

function looked(connection: string, target: string, value: Json): TargetLook {
  return { connection, target, observed: { value }, problem: null }
}

describe('with a look at every target', () => {
  test('each change starts from what the one before it left', async () => {
    const { steps } = preview(await planOf(RIGHT), SEEN, allSpecs())
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
    const { steps } = preview(await planOf(RIGHT), SEEN, allSpecs())
    expect(steps[1]?.shortest).toBe('1h5s')
  })

  test('the text marks the point of no return and ends with the digest', async () => {
    const plan = await planOf(RIGHT)
    const lines = previewLines(preview(plan, SEEN, allSpecs()), {
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
  const { steps, problems } = preview(await planOf(RIGHT), OFFLINE, allSpecs())
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
    { connection: 'edge', target: 'split', observed: null, problem: 'Unavailable: no socket' },
    ...LOOKS.slice(1),
  ]
  const shown = preview(plan, { looks, trials: [] }, allSpecs())
  expect(shown.problems).toEqual([
    {
      what: 'target',
      name: 'edge split',
      connection: 'edge',
      target: 'split',
      problem: 'Unavailable: no socket',
    },
  ])
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
    const watched = preview(await planOf(text), OFFLINE, allSpecs()).steps.map(({ watched: names }) =>
      names.join(' '),
    )
    expect(watched).toEqual([
      'old', 'old', 'both errors old', 'both errors old', 'errors', 'errors', 'errors', 'errors',
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

function tried(what: TrialResult['what'], name: string, more: Partial<TrialResult> = {}): TrialResult {
  const of = { connection: 'prom', target: null, step: null, text: '', notes: [], problem: null }
  return { what, name, ...of, ...more }
}

function textOf(shown: Preview): string {
  return previewLines(shown, { width: 100, paint: paint(false), offline: false }).join('\n')
}

describe('what was tried', () => {
  test('one cause is told once, with everything it takes along', async () => {
    const problem = 'Unavailable: query Prometheus at http://prom: nobody there'
    const trials = [
      tried('guard', 'guard errors', { problem }),
      tried('guard', 'guard p95', { problem }),
      tried('lock', 'lock of edge split', { problem: 'Conflict: held by the run of carts' }),
    ]
    const shown = preview(await planOf(RIGHT), { looks: LOOKS, trials }, allSpecs())
    expect(shown.problems.map(({ what, name }) => `${what}: ${name}`)).toEqual([
      'guard: guard errors',
      'guard: guard p95',
      'lock: lock of edge split',
    ])
    expect(textOf(shown)).toContain(`problem   guard errors, guard p95: ${problem}`)
    expect(textOf(shown)).toContain('problem   lock of edge split: Conflict: held by the run of carts')
  })

  test('no data of a side that nobody is served by is told as that, and is no problem', async () => {
    const trials = [tried('guard', 'guard errors', { notes: ['unknown: no series matched'] })]
    const asleep = preview(await planOf(RIGHT), { looks: LOOKS, trials }, allSpecs())
    expect(asleep.problems).toEqual([])
    expect(textOf(asleep)).toContain('unknown: no series matched (it sleeps until its sides are served)')
    const half = [looked('edge', 'split', { old: 50, new: 50 }), ...LOOKS.slice(1)]
    const awake = preview(await planOf(RIGHT), { looks: half, trials }, allSpecs())
    expect(textOf(awake)).toContain('unknown: no series matched (its sides are served now)')
  })

  test('a record that is not there is a problem before the run, not in the middle of it', async () => {
    const looks = [...LOOKS.slice(0, -1), looked('zone', 'api.example.com. A', { ttl: 0, values: [] })]
    const { problems } = preview(await planOf(RIGHT), { looks, trials: [] }, allSpecs())
    expect(problems.map(({ name, problem }) => `${name}: ${problem}`)).toEqual([
      'zone api.example.com. A: Missing: there is no api.example.com. A: check the name',
    ])
  })

  test('what a backend wants known stands at the step that uses it, once', async () => {
    const observed = {
      value: { old: 100, new: 0 },
      cautions: ['v2 is a backup server: it gets no request'],
    }
    const looks = [{ ...LOOKS[0]!, observed }, ...LOOKS.slice(1)]
    const shown = preview(await planOf(RIGHT), { looks, trials: [] }, allSpecs())
    expect(shown.steps.map(({ kind, notes }) => (notes.length > 0 ? kind : null)).filter(Boolean)).toEqual([
      'canary',
    ])
    expect(shown.problems).toEqual([])
    expect(textOf(shown)).toContain('beware    edge split: v2 is a backup server: it gets no request')
  })

  test('a target whose places differ is a problem: there is no one state to go back to', async () => {
    const observed = {
      value: { old: 100, new: 0 },
      elsewhere: [{ place: 'state file /var/lib/haproxy/state', value: { old: 0, new: 100 } }],
    }
    const looks = [{ ...LOOKS[0]!, observed }, ...LOOKS.slice(1)]
    const { problems } = preview(await planOf(RIGHT), { looks, trials: [] }, allSpecs())
    expect(problems.map(({ name, problem }) => `${name}: ${problem}`)).toEqual([
      'edge split: Conflict: it is not the same everywhere: old 100 new 0 is in force, state file /var/lib/haproxy/state holds old 0 new 100; make them agree first',
    ])
  })

  test('who starts a run is told beforehand that somebody else has to approve it', async () => {
    const asking = (more: string) => RIGHT.replace('steps:\n', `steps:\n  - approve: { ${more} }\n`)
    const decides = async (more: string) =>
      preview(await planOf(asking(more)), OFFLINE, allSpecs()).steps[0]?.decides
    expect(await decides('quorum: 2')).toBe('2 of anyone but the one who starts the run')
    expect(await decides('self_approval: true')).toBe('1 of anyone')
  })
})
