// A plan says the same for the same content, and something else for any other.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { digestOf } from '../../../client/runbook/resolve.ts'
import { parseSource } from '../../../client/runbook/source.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { RIGHT, example, planOf, wrong } from './fixture.ts'

/** The same content with every mapping in another order; lists keep theirs, they mean something. */
function shuffled(value: Json, random: () => number): Json {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => ({ key, item, at: random() }))
  return Object.fromEntries(
    entries.toSorted((a, b) => a.at - b.at).map(({ key, item }) => [key, shuffled(item, random)]),
  )
}

function commented(text: string): string {
  return text.replaceAll('\n', ' # a word\n')
}

describe('the digest', () => {
  test('does not change with key order or comments', async () => {
    const text = example('orders')
    const { digest } = await planOf(text)
    const content = parseSource(text).value
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), async (numbers) => {
        const other = stringify(
          shuffled(content, () => numbers.next().value ?? 0),
          { lineWidth: 0 },
        )
        expect((await planOf(commented(other))).digest).toBe(digest)
      }),
      { numRuns: 20 },
    )
  })

  test('changes with any value', async () => {
    const { digest } = await planOf(RIGHT)
    const changes: [string, string][] = [
      ['service: orders', 'service: baskets'],
      ['backend: orders', 'backend: baskets'],
      ['max: 0.5%', 'max: 0.6%'],
      ['[5%, 50%]', '[5%, 51%]'],
      ['hold: 5m', 'hold: 6m'],
      ['notify: [ops]', 'notify: []'],
      ['192.0.2.1', '192.0.2.2'],
      ['for: 24h', 'for: 24h, title: A day'],
      ['service: orders', 'service: orders\ndescription: words'],
      ['  - hold: { for: 24h }\n', ''],
    ]
    const digests = await Promise.all(
      changes.map(async ([piece, by]) => (await planOf(wrong(piece, by))).digest),
    )
    expect(new Set([digest, ...digests]).size).toBe(changes.length + 1)
  })

  test('is that of everything else in the plan', async () => {
    const plan = await planOf(RIGHT)
    expect(plan.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(digestOf(plan)).toBe(plan.digest)
    expect(digestOf({ ...plan, description: 'other' })).not.toBe(plan.digest)
  })

  test('does not change when a default is written out', async () => {
    const written = wrong(
      '- switch: { connection: edge }',
      '- switch: { connection: edge, hold: 15m, good: 3 in a row }',
    )
    expect((await planOf(written)).digest).toBe((await planOf(RIGHT)).digest)
  })
})

test('a plan names every step, target and lock', async () => {
  const plan = await planOf(RIGHT)
  expect(plan.steps.map(({ id }) => id)).toEqual([
    's01-prewarm', 's02-ttl', 's03-shadow', 's04-canary', 's05-switch', 's06-repoint', 's07-hold', 's08-decommission',
  ]) // prettier-ignore
  expect(plan.steps[3]?.title).toBe('canary 5% 50% on edge')
  expect(plan.targets.map(({ connection, target }) => `${connection} ${target}`)).toEqual([
    'edge split', 'fleet new', 'fleet old', 'mesh mirror', 'zone api.example.com. A',
  ]) // prettier-ignore
  expect(plan.targets.every(({ locks }) => locks.length > 0)).toBe(true)
  expect(plan.connections['edge']).toMatchObject({
    port: 'traffic',
    provider: 'traffic/haproxy',
    landsWithin: '5s',
  })
  expect(plan.connections['prom']).toMatchObject({ landsWithin: '0s', config: { timeout: '3s' } })
})

test('a plan is plain JSON, without anything undefined', async () => {
  const plan = (await planOf(example('orders'))) as unknown as JsonObject
  expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan)
})

test.each([
  'orders',
  'dns-move',
  'drill',
  'gateway-api',
  'monolith-to-kubernetes',
  'mesh-canary',
  'mesh-canary-rollouts',
])('examples/%s.yaml is valid', async (name) => {
  expect((await planOf(example(name))).steps.length).toBeGreaterThan(0)
})

test('the examples use every step kind', async () => {
  const { stepSchemas } = await import('../../../workflows/steps/schemas.ts')
  const names = ['orders', 'tenants', 'gateway-api', 'monolith-to-kubernetes', 'mesh-canary-rollouts']
  const plans = await Promise.all(names.map((name) => planOf(example(name))))
  const kinds = new Set(plans.flatMap(({ steps }) => steps.map(({ kind }) => kind)))
  expect([...kinds].sort()).toEqual(Object.keys(stepSchemas).sort())
})
