// When a version is the stable one, by what stands on the API server: never by the order alone, never before every place is done, and
// nothing that was ordered is forgotten.
import { describe, expect, it } from 'vitest'
import type { Look as RolloutLook } from '../../../activities/traffic/argo-rollouts/look.ts'
import {
  promotionIn as ofRollout,
  unpromotable,
} from '../../../activities/traffic/argo-rollouts/promotion.ts'
import { ArgoRolloutsConfig } from '../../../activities/traffic/argo-rollouts/schema.ts'
import { PROMOTE } from '../../../activities/traffic/flagger/gates.ts'
import type { Look } from '../../../activities/traffic/flagger/look.ts'
import { orderFor } from '../../../activities/traffic/flagger/order.ts'
import {
  promotionIn as ofCanary,
  unpromotable as unfit,
} from '../../../activities/traffic/flagger/promotion.ts'
import { FlaggerConfig, namesOf } from '../../../activities/traffic/flagger/schema.ts'
import { GATES, pathOf } from '../../../activities/traffic/flagger/gates.ts'

const metadata = { name: 'orders', uid: 'u', resourceVersion: '1', generation: 4 }
const counts = { from: { url: 'http://prometheus.test' }, old: 'a', new: 'b' }
const ALL = { value: { old: 0, new: 100 }, elsewhere: [] }

/** What it says, and the other places: what stands there. */
const said = ({
  value,
  elsewhere,
}: {
  value: { stable: string }
  elsewhere: { place: string; value: unknown }[]
}) => [value.stable, ...elsewhere.map(({ place, value: held }) => `${place}: ${JSON.stringify(held)}`)]

describe('a Rollout', () => {
  const config = ArgoRolloutsConfig.parse({
    namespace: 'shop',
    rollout: 'orders',
    new: { image: 'app:2' },
    counts,
  })
  const edge = (ready: number) => ({
    config,
    kube: {} as never,
    versions: {
      config,
      known: new Map(),
      kube: { get: async () => ({ spec: { replicas: 2 }, status: { availableReplicas: ready } }) } as never,
    },
  })
  const steps = [{ setWeight: 100 }, { pause: {} }]
  const waiting = { currentStepIndex: 1, pauseConditions: [{ reason: 'CanaryPauseStep' }], phase: 'Paused' }
  const look = (status: object, more: object = {}): RolloutLook =>
    ({
      rollout: {
        metadata,
        spec: { strategy: { canary: { steps, trafficRouting: {} } } },
        status: { stableRS: 'a', currentPodHash: 'b', observedGeneration: '4', ...waiting, ...status },
      },
      service: null,
      isOver: false,
      isStableNew: false,
      ...ALL,
      ...more,
    }) as unknown as RolloutLook
  const done = { isOver: true, isStableNew: true }
  const over = { stableRS: 'b', phase: 'Healthy', pauseConditions: null }

  it.each<[string, object, object, string[]]>([
    ['waits', {}, {}, ['old']],
    [
      'is asked to promote',
      { promoteFull: true },
      {},
      ['old', 'Rollout shop/orders, promoted fully: {"stable":"new"}'],
    ],
    [
      'is promoted past its last pause by somebody',
      { pauseConditions: null, controllerPause: true },
      {},
      ['old', 'Rollout shop/orders, on its way to the end: {"stable":"new"}'],
    ],
    ['is promoted', over, done, ['new']],
    [
      'is promoted and not healthy',
      { ...over, phase: 'Progressing' },
      done,
      ['new', 'Rollout shop/orders, which its controller calls Progressing: {"stable":"old"}'],
    ],
    [
      'is promoted, and its canary has a weight',
      { ...over, canary: { weights: { canary: { weight: 100 }, stable: { weight: 0 } } } },
      done,
      ['new', 'status of Rollout shop/orders, with a weight of its canary: {"stable":"old"}'],
    ],
    [
      'is promoted, and has been changed since',
      { ...over, observedGeneration: '3' },
      done,
      ['new', 'Rollout shop/orders, which its controller has not read: {"stable":"old"}'],
    ],
  ])('that %s', (...[, status, more, words]) => {
    expect(said(ofRollout(look(status, more), edge(2)))).toEqual(words)
  })

  const io = { signal: new AbortController().signal }
  it.each<[string, object, object, number, string | null]>([
    ['waits with all users and all pods', {}, {}, 2, null],
    ['is promoted already', over, done, 0, null],
    [
      'shares users',
      {},
      { value: { old: 50, new: 50 } },
      2,
      'Rejected: users are shared {"old":50,"new":50}',
    ],
    [
      'says otherwise in another place',
      {},
      { elsewhere: [{ place: 'route main', value: { old: 100, new: 0 } }] },
      2,
      'Rejected: users are shared',
    ],
    ['is aborted', { abort: true }, {}, 2, 'Rejected: it is aborted'],
    [
      'is degraded',
      { phase: 'Degraded', message: 'no pods' },
      {},
      2,
      'Rejected: its controller calls it Degraded: no pods',
    ],
    ['is on its way', { pauseConditions: null }, {}, 2, 'Unavailable: it does not wait'],
    ['was changed since', { observedGeneration: '3' }, {}, 2, 'Unavailable: its controller has not read'],
    ['misses a pod', {}, {}, 1, 'Unavailable: 1 of 2 pods'],
    [
      'has nothing new',
      { currentPodHash: 'a' },
      {},
      2,
      'Rejected: it is not on its way to the new version (app:2)',
    ],
  ])('that %s: whether it may be promoted', async (...[, status, more, ready, words]) => {
    const amiss = await unpromotable(look(status, more), edge(ready), io)
    if (words === null) expect(amiss).toBeNull()
    else expect(`${amiss?.kind}: ${amiss?.why}`).toContain(words)
  })
})

describe('a Canary', () => {
  const config = FlaggerConfig.parse({
    namespace: 'shop',
    canary: 'orders',
    gates: 'http://gates.test',
    counts,
  })
  const deployment = (image: string, availableReplicas = 1) =>
    ({
      metadata,
      spec: { replicas: 1, template: { spec: { containers: [{ image }] } } },
      status: { availableReplicas },
    }) as never
  const webhooks = GATES.map((type) => ({
    name: type,
    type,
    url: `http://gates.test${pathOf({ namespace: 'shop', canary: 'orders', gate: type })}`,
  }))
  const canary = (phase: string, status: object = {}, annotations: object = {}) =>
    ({
      metadata: { ...metadata, annotations },
      spec: {
        targetRef: { kind: 'Deployment', name: namesOf(config).workload },
        analysis: { stepWeights: [10, 50, 100], webhooks },
      },
      status: {
        phase,
        lastAppliedSpec: 'new',
        lastPromotedSpec: 'old',
        conditions: [{ type: 'Promoted', lastTransitionTime: '2026-11-27T12:00:00Z' }],
        ...status,
      },
    }) as never
  const asked = orderFor(
    { canary: canary('Progressing'), deployment: deployment('app:2') },
    { from: 50, to: 100, mesh: 'istio' },
  )
  const look = (at: ReturnType<typeof canary>, more: Partial<Look> = {}): Look =>
    ({
      canary: at,
      deployment: deployment('app:2'),
      route: { weight: 100 },
      asked,
      order: asked,
      isGone: false,
      ...ALL,
      ...more,
    }) as unknown as Look
  const primary = (image: string, ready = 1) => deployment(image, ready)
  const named = { [PROMOTE]: 'new' }
  const succeeded = canary('Succeeded', { lastPromotedSpec: 'new' })
  const atRest = { order: null, isGone: true, route: { weight: 0 } as never }

  it.each<[string, Look, never, string[]]>([
    ['is held at its highest weight', look(canary('Progressing')), primary('app:1'), ['old']],
    [
      'is named for another revision',
      look(canary('Progressing', {}, { [PROMOTE]: 'other' })),
      primary('app:1'),
      ['old'],
    ],
    [
      'is named',
      look(canary('WaitingPromotion', {}, named)),
      primary('app:1'),
      [
        'old',
        'Canary shop/orders, whose promotion is ordered and not begun (phase WaitingPromotion): {"stable":"new"}',
      ],
    ],
    [
      'is being promoted',
      look(canary('Promoting'), { order: null, isGone: true }),
      primary('app:2'),
      ['old', 'Canary shop/orders, which Flagger is promoting (phase Promoting): {"stable":"new"}'],
    ],
    [
      'failed in its promotion',
      look(canary('Failed', { canaryWeight: 100 }), { order: null, isGone: true }),
      primary('app:2', 0),
      ['old', 'Canary shop/orders, which Flagger is promoting (phase Failed): {"stable":"new"}'],
    ],
    ['is promoted', look(succeeded, atRest), primary('app:2'), ['new']],
    [
      'is promoted, and its route is not back',
      look(succeeded, { ...atRest, route: { weight: 100 } as never }),
      primary('app:2'),
      ['new', 'the route of Canary shop/orders, which still gives its canary 100: {"stable":"old"}'],
    ],
    [
      'is promoted, and its primary runs something else',
      look(succeeded, atRest),
      primary('app:1'),
      [
        'new',
        'Deployment shop/orders-primary, which runs other images than the new revision: {"stable":"old"}',
      ],
    ],
    [
      'is promoted, and its primary is not up',
      look(succeeded, atRest),
      primary('app:2', 0),
      ['new', 'Deployment shop/orders-primary, of which 0 of 1 pods are ready: {"stable":"old"}'],
    ],
    [
      'has a later revision',
      look(succeeded, { ...atRest, deployment: deployment('app:3') }),
      primary('app:2'),
      ['old'],
    ],
  ])('that %s', (...[, here, beside, words]) => {
    expect(said(ofCanary({ here, primary: beside }, config))).toEqual(words)
  })

  it.each<[string, Look, string | null]>([
    ['is held with all users', look(canary('Progressing')), null],
    ['is promoted already', look(succeeded, atRest), null],
    [
      'shares users',
      look(canary('Progressing'), { value: { old: 50, new: 50 } }),
      'Rejected: users are shared',
    ],
    [
      'has another revision than the run has moved users to',
      look(canary('Progressing'), { order: null }),
      'Rejected: nothing is asked of the revision',
    ],
    ['is given up', look(canary('Failed')), 'Rejected: Flagger has no revision under way (phase Failed)'],
    [
      'misses a pod',
      look(canary('Progressing'), { deployment: deployment('app:2', 0) }),
      'Unavailable: 0 of 1 pods',
    ],
    [
      'asks somebody else',
      look({
        ...(canary('Progressing') as object),
        spec: { targetRef: { name: 'orders' }, analysis: { stepWeights: [100] } },
      } as never),
      'Rejected: it has no webhook of type',
    ],
  ])('that %s: whether it may be promoted', (_, here, words) => {
    const amiss = unfit(here, config)
    if (words === null) expect(amiss).toBeNull()
    else expect(`${amiss?.kind}: ${amiss?.why}`).toContain(words)
  })
})
