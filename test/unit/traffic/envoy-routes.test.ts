// Reading and editing one route of Envoy's route configuration: exact, and nothing beside it is touched.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editSplit, findRoute, readSplit } from '../../../activities/traffic/envoy/routes.ts'
import { editMirror, readMirror } from '../../../activities/traffic/envoy/mirrors.ts'
import type { JsonObject } from '../../../workflows/json.ts'

const choice = { old: 'v1', new: 'v2', shadow: 'dark' }
const weighted = (clusters: JsonObject[]): JsonObject => ({ weighted_clusters: { clusters }, timeout: '30s' })
const hundredths = fc.integer({ min: 0, max: 10_000 }).map((parts) => parts / 100)

describe('a route of Envoy', () => {
  it('reads every share of a hundredth of a percent back as it was set', () => {
    fc.assert(
      fc.property(hundredths, (share) => {
        const action = weighted([{ name: 'v1', weight: 1 }])
        const split = { old: Math.round((100 - share) * 100) / 100, new: share }
        editSplit(action, split, choice)
        expect(readSplit(action, choice)).toEqual(split)
      }),
    )
  })

  it('comes back to exactly what it was, whatever weights it had and however it was written', () => {
    const weight = fc.integer({ min: 0, max: 5_000 })
    const named = (name: string) => weight.map((each) => [{ name, weight: each }])
    const clusters = fc.oneof(fc.tuple(named('v1'), named('v2')), fc.tuple(named('v1')))
    const alone: JsonObject = { cluster: 'v1', timeout: '30s' }
    const actions = fc.oneof(
      fc.constant(alone),
      clusters.map((each) => weighted(each.flat())),
    )
    fc.assert(
      fc.property(actions, hundredths, (before, share) => {
        const all = before.weighted_clusters as { clusters: { weight: number }[] } | undefined
        const sum = (all?.clusters ?? [{ weight: 1 }]).reduce((so, each) => so + each.weight, 0)
        fc.pre(sum > 0 && !(all?.clusters.length === 1 && sum === 1)) // the latter comes back as the former
        const action = structuredClone(before)
        const recorded = readSplit(action, choice)
        editSplit(action, { old: Math.round((100 - share) * 100) / 100, new: share }, choice)
        editSplit(action, recorded, choice)
        expect(action).toEqual(before)
        expect(readSplit(action, choice)).toEqual(recorded)
      }),
    )
  })

  it('refuses a side that is named twice: one of its weights would be passed over', () => {
    const twice = weighted([{ name: 'v1', weight: 50 }, { name: 'v1', weight: 50 }, { name: 'v2' }])
    expect(() => readSplit(twice, choice)).toThrow('the route names v1 twice: write each once')
  })

  it('mirrors every share back as it was set, and leaves no trace of a policy of its own', () => {
    fc.assert(
      fc.property(hundredths, (percent) => {
        const action = weighted([{ name: 'v1', weight: 1 }])
        const before = structuredClone(action)
        editMirror({ action, inherited: [] }, { percent }, 'dark')
        expect(readMirror({ action, inherited: [] }, 'dark')).toEqual({ percent })
        editMirror({ action, inherited: [] }, { percent: 0 }, 'dark')
        expect(action).toEqual(before)
      }),
    )
  })

  it('keeps other mirrors, other clusters without weight, and a runtime key', () => {
    const other = { cluster: 'audit', runtime_fraction: { default_value: { numerator: 3 } } }
    const own = {
      cluster: 'dark',
      runtimeFraction: { runtimeKey: 'dark.share', defaultValue: { numerator: 5 } },
    }
    const action: JsonObject = {
      weightedClusters: { clusters: [{ name: 'v1', weight: 9 }, { name: 'v0' }, { name: 'v2', weight: 1 }] },
      requestMirrorPolicies: [other, own],
    }
    editSplit(action, { old: 25, new: 75 }, choice)
    editMirror({ action, inherited: [] }, { percent: 12.5 }, 'dark')
    const share = { numerator: 125_000, denominator: 'MILLION' }
    expect(action).toEqual({
      weightedClusters: {
        clusters: [{ name: 'v1', weight: 25 }, { name: 'v0' }, { name: 'v2', weight: 75 }],
      },
      requestMirrorPolicies: [
        { cluster: 'audit', runtime_fraction: { default_value: { numerator: 3 } } },
        { cluster: 'dark', runtimeFraction: { runtimeKey: 'dark.share', defaultValue: share } },
      ],
    })
  })

  it('starts from a route with one cluster and no weights', () => {
    const action: JsonObject = { cluster: 'v1', timeout: '3s' }
    expect(readSplit(action, choice)).toEqual({ old: 100, new: 0, members: { v1: 1 } })
    editSplit(action, { old: 95, new: 5 }, choice)
    expect(action).toEqual({
      timeout: '3s',
      weighted_clusters: {
        clusters: [
          { name: 'v1', weight: 95 },
          { name: 'v2', weight: 5 },
        ],
      },
    })
  })

  it('refuses what a cutover between two clusters cannot mean', () => {
    const third = weighted([
      { name: 'v1', weight: 50 },
      { name: 'v3', weight: 50 },
    ])
    expect(() => readSplit(third, choice)).toThrow(
      'the route also sends to v3 (weight 50): a cutover moves requests between two clusters only',
    )
    const action = weighted([])
    expect(() => editSplit(action, { old: 99.999, new: 0.001 }, choice)).toThrow(
      'weights 99.999 and 0.001 are not shares in steps of 0.01 %',
    )
    expect(() => editMirror({ action, inherited: [] }, { percent: 101 }, 'dark')).toThrow(
      '101 % cannot be mirrored: 0 to 100 with at most four decimals',
    )
    const config = { virtual_hosts: [{ name: 'web', routes: [{ match: { prefix: '/' }, redirect: {} }] }] }
    expect(() => findRoute(config, { ...choice, route: '/' })).toThrow(
      'route 0 ({"prefix":"/"}) has no `route` action',
    )
  })
})
