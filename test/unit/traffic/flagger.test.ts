// What Flagger is answered, and which weights it gives when: arithmetic and judgement over objects, without an API server.
import { describe, expect, it } from 'vitest'
import {
  type Analysis,
  type Canary,
  intervalMs,
  nextWeight,
  weightsAfter,
} from '../../../activities/traffic/flagger/canary.ts'
import { unfit, unreachable } from '../../../activities/traffic/flagger/fitness.ts'
import { GATES, PROMOTE, isOpen, pathOf } from '../../../activities/traffic/flagger/gates.ts'
import {
  type Deployment,
  ORDER,
  type Order,
  isInForce,
  orderFor,
  orderIn,
} from '../../../activities/traffic/flagger/order.ts'
import { FlaggerConfig } from '../../../activities/traffic/flagger/schema.ts'

const metadata = { name: 'orders', uid: 'u', resourceVersion: '1' }
const STEPS: Analysis = { stepWeights: [10, 50, 100] }
const config = FlaggerConfig.parse({
  namespace: 'shop',
  canary: 'orders',
  gates: 'http://gates.test:9471/',
  counts: { from: { url: 'http://prometheus.test' }, old: 'a', new: 'b' },
})
const webhooks = GATES.map((type) => ({
  name: type,
  type,
  url: `http://gates.test:9471${pathOf({ namespace: 'shop', canary: 'orders', gate: type })}`,
}))

function canary(phase: string, more: { status?: object; analysis?: object; spec?: object } = {}): Canary {
  return {
    metadata,
    spec: {
      targetRef: { kind: 'Deployment', name: 'orders' },
      analysis: { ...STEPS, webhooks, ...more.analysis },
      ...more.spec,
    },
    status: {
      phase,
      lastAppliedSpec: phase === 'Waiting' ? 'old' : 'new',
      lastPromotedSpec: 'old',
      conditions: [{ type: 'Promoted', lastTransitionTime: '2026-11-27T12:00:00Z' }],
      ...more.status,
    },
  } as Canary
}
const deployment = (image = 'v2'): Deployment => ({ metadata, spec: { template: { image } } })

/** The Canary with what a run asked of it when it was `then`. */
function asked(
  now: Canary,
  { annotations, ...of }: Pick<Order, 'from' | 'to'> & { annotations?: Record<string, string> },
  then: Canary = now,
): Canary {
  const order = orderFor({ canary: then, deployment: deployment() }, { ...of, mesh: 'istio' })
  return {
    ...now,
    metadata: { ...metadata, annotations: { [ORDER]: JSON.stringify(order), ...annotations } },
  }
}
const open = (of: Canary, weight: number, template = deployment()) =>
  GATES.filter((gate) => isOpen(gate, { canary: of, deployment: template, weight }))

describe('the weights of Flagger', () => {
  it.each<[string, Analysis, { from: number; weights: number[] }]>([
    ['steps by number', STEPS, { from: 0, weights: [10, 50, 100] }],
    ['those that are left', STEPS, { from: 10, weights: [50, 100] }],
    [
      'one step again and again, beyond the highest',
      { stepWeight: 20, maxWeight: 50 },
      { from: 0, weights: [20, 40, 60] },
    ],
    ['all at once from a weight that is none of them', STEPS, { from: 30, weights: [100] }],
    ['none without steps', {}, { from: 0, weights: [] }],
    ['none from steps that do not rise', { stepWeights: [10, 10, 10, 50] }, { from: 0, weights: [10] }],
  ])('%s', (_, analysis, { from, weights }) => {
    expect(weightsAfter(analysis, from)).toEqual(weights)
  })

  it('promotes from the highest, and from nothing below it', () => {
    expect([nextWeight(STEPS, 100), nextWeight({ stepWeights: [5, 50] }, 50), nextWeight(STEPS, 99)]).toEqual(
      [null, null, 100],
    )
  })

  it('reads intervals as Flagger does: ten seconds at least, a minute where there is none', () => {
    expect(['1m30s', '2s', '', 'soon'].map((interval) => intervalMs({ interval }))).toEqual([
      90_000, 10_000, 60_000, 60_000,
    ])
  })
})

describe('a gate', () => {
  it('is closed where nothing was asked, and where somebody wrote nonsense', () => {
    for (const phase of ['Waiting', 'Progressing', 'WaitingPromotion', 'Failed', 'Succeeded', 'Initialized'])
      for (const weight of [0, 10, 100]) {
        expect(open(canary(phase), weight)).toEqual([])
        const annotated = {
          ...canary(phase),
          metadata: { ...metadata, annotations: { [ORDER]: '{"to":100}' } },
        }
        expect(open(annotated, weight)).toEqual([])
      }
  })

  it('lets a revision that is held go on when a share is asked for, and not when none is', () => {
    expect(open(asked(canary('Waiting'), { from: 0, to: 10 }), 0)).toEqual(['confirm-rollout'])
    expect(open(asked(canary('Waiting'), { from: 10, to: 0 }), 0)).toEqual([])
  })

  it('lets Flagger go up as far as was asked and no further', () => {
    const held = canary('Waiting')
    const ten = asked(canary('Progressing'), { from: 0, to: 10 }, held)
    expect(open(ten, 0)).toEqual(['confirm-traffic-increase'])
    expect(open(ten, 10)).toEqual([])
    const fifty = asked(canary('Progressing'), { from: 10, to: 50 })
    expect([0, 10, 50].map((weight) => open(fifty, weight).length)).toEqual([1, 1, 0])
    expect(open(fifty, 30), 'from a foreign weight it would go to 100').toEqual([])
  })

  it('rolls back when nothing is asked for any more, also while it waits for its promotion', () => {
    expect(open(asked(canary('Progressing'), { from: 50, to: 0 }), 50)).toEqual(['rollback'])
    expect(open(asked(canary('WaitingPromotion'), { from: 100, to: 0 }), 100)).toEqual(['rollback'])
    expect(open(asked(canary('Progressing'), { from: 50, to: 0 }), 0), 'users are back already').toEqual([
      'rollback',
    ])
  })

  it.each<[string, Canary, Deployment]>([
    ['another template', asked(canary('Progressing'), { from: 0, to: 100 }), deployment('v3')],
    [
      'another one that is held',
      asked(
        canary('Waiting', { status: { conditions: [{ type: 'Promoted', lastTransitionTime: 'later' }] } }),
        { from: 0, to: 100 },
        canary('Waiting'),
      ),
      deployment(),
    ],
    [
      'the same one, tried again',
      asked(
        canary('Progressing', {
          status: { conditions: [{ type: 'Promoted', lastTransitionTime: 'later' }] },
        }),
        { from: 0, to: 100 },
        canary('Progressing'),
      ),
      deployment(),
    ],
    [
      'one that Flagger says nothing of',
      asked(canary('Progressing', { status: { conditions: [] } }), { from: 0, to: 100 }),
      deployment(),
    ],
    [
      'other configuration',
      asked(
        canary('Progressing', { status: { trackedConfigs: { 'configmap/a': 'two' } } }),
        { from: 0, to: 100 },
        canary('Progressing', { status: { trackedConfigs: { 'configmap/a': 'one' } } }),
      ),
      deployment(),
    ],
    [
      'one that was promoted meanwhile',
      asked(
        canary('Progressing', { status: { lastPromotedSpec: 'new' } }),
        { from: 0, to: 100 },
        canary('Progressing'),
      ),
      deployment(),
    ],
    [
      'one that Flagger has failed',
      asked(canary('Failed'), { from: 0, to: 100 }, canary('Progressing')),
      deployment(),
    ],
  ])('is closed for another revision: %s', (_, of, template) => {
    for (const weight of [0, 10, 100]) expect(open(of, weight, template)).toEqual([])
    // Not rolled back either.
    const back = {
      ...of,
      metadata: {
        ...metadata,
        annotations: { [ORDER]: (of.metadata.annotations?.[ORDER] ?? '').replace('"to":100', '"to":0') },
      },
    }
    expect(open(back, 50, template)).toEqual([])
  })

  it('forgets what was asked when Flagger has come to an end with it', () => {
    for (const phase of ['Failed', 'Succeeded', 'Promoting', 'Finalising']) {
      const order = orderIn(asked(canary(phase), { from: 10, to: 50 }, canary('Progressing')))
      expect(order !== null && isInForce(order, canary(phase), deployment())).toBe(false)
    }
  })

  it('promotes only what a person named, at the highest weight, which was asked for', () => {
    const at = (phase: string, to: number, named: string) =>
      asked(canary(phase), { from: 50, to, annotations: { [PROMOTE]: named } })
    expect(open(at('Progressing', 100, 'new'), 100)).toEqual([
      'confirm-traffic-increase',
      'confirm-promotion',
    ])
    expect(open(at('WaitingPromotion', 100, 'new'), 100)).toEqual([
      'confirm-traffic-increase',
      'confirm-promotion',
    ])
    expect(open(at('Progressing', 100, 'other'), 100)).toEqual([])
    expect(open(at('Progressing', 100, ''), 100)).toEqual([])
    const nameless = canary('Progressing', { status: { lastAppliedSpec: '' } })
    expect(open(asked(nameless, { from: 50, to: 100 }), 100)).toEqual([])
    expect(open(at('Progressing', 50, 'new'), 100)).toEqual([])
    expect(open(at('Progressing', 100, 'new'), 50)).toEqual(['confirm-traffic-increase'])
    expect(open(at('Progressing', 0, 'new'), 100)).toEqual(['rollback'])
  })
})

describe('a Canary that a run cannot lead', () => {
  it('is none where everything is as the page says', () => {
    expect(unfit(canary('Waiting'), config)).toEqual([])
  })

  it.each<[string, Parameters<typeof canary>[1], RegExp]>([
    ['skips its analysis', { spec: { skipAnalysis: true } }, /skipAnalysis: true promotes without asking/],
    ['is suspended', { spec: { suspend: true } }, /Flagger does nothing with it/],
    ['moves all at once', { analysis: { iterations: 10 } }, /not by weights/],
    ['mirrors first', { analysis: { mirror: true } }, /without asking/],
    ['keeps its users', { analysis: { sessionAffinity: { cookieName: 'c' } } }, /stays there/],
    ['has no steps', { analysis: { stepWeights: [] } }, /no stepWeight/],
    ['is of another mesh', { spec: { provider: 'linkerd' } }, /its provider is linkerd, which is not istio/],
    [
      'is of a DaemonSet',
      { spec: { targetRef: { kind: 'DaemonSet', name: 'orders' } } },
      /only a Deployment/,
    ],
    ['has another workload', { spec: { targetRef: { name: 'other' } } }, /name it in workload/],
    ['has another service', { spec: { service: { name: 'other' } } }, /name it in service/],
    [
      'has no gate',
      { analysis: { webhooks: webhooks.filter(({ type }) => type !== 'rollback') } },
      /no webhook of type rollback: add one with url http:\/\/gates\.test:9471\/flagger\/shop\/orders\/rollback/,
    ],
    [
      'asks somebody else',
      { analysis: { webhooks: webhooks.map((each) => ({ ...each, url: `${each.url}/x` })) } },
      /asks http.*\/x, not http/,
    ],
    [
      'could be rolled back by somebody else',
      {
        analysis: {
          webhooks: [...webhooks, { name: 'theirs', type: 'rollback', url: 'http://other.test/' }],
        },
      },
      /theirs \(rollback\) asks http:\/\/other\.test\/: somebody else/,
    ],
  ])('%s', (_, more, words) => {
    expect(unfit(canary('Waiting', more), config).join('; ')).toMatch(words)
  })

  const from = (of: Canary, [weight, to]: [number, number], isGone = false) =>
    unreachable({ canary: of, route: { split: { old: 100 - weight, new: weight } }, isGone } as never, {
      from: weight,
      to,
    })

  it('says why a weight cannot be had', () => {
    expect(from(canary('Waiting'), [0, 10])).toBeNull()
    expect(from(canary('Waiting'), [0, 25])).toMatch(/no step at 25 %: from 0 % it goes to 10, 50, 100 %/)
    expect(from(canary('Progressing'), [50, 10])).toMatch(/not from 50 % to 10 %/)
    expect(from(canary('Succeeded'), [0, 10])).toMatch(/no revision to roll out \(phase Succeeded\)/)
    expect(from(canary('WaitingPromotion'), [50, 100])).toMatch(/goes back to 0 only/)
    const slow = canary('Waiting', { analysis: { interval: '10m' } })
    expect(from(slow, [0, 10])).toMatch(/1 steps of 10m away, 10m is the most/)
  })

  it('never says so of the way back, unless there is none', () => {
    for (const phase of ['Waiting', 'Progressing', 'WaitingPromotion', 'Failed'])
      expect(from(canary(phase, { spec: { suspend: true } }), [50, 0])).toBeNull()
    expect(from(canary('Succeeded'), [100, 0], true)).toMatch(/has promoted this revision/)
    expect(from(canary('Succeeded'), [0, 0], true), 'its route is at the primary then').toMatch(
      /has promoted/,
    )
  })
})
