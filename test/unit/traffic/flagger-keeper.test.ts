// What Flagger is answered while a run goes back: the objects of an answer are read one after the other, and the run writes in between.
import { expect, it } from 'vitest'
import type { Canary } from '../../../activities/traffic/flagger/canary.ts'
import { answered } from '../../../activities/traffic/flagger/keeper.ts'
import { type Deployment, ORDER, orderFor } from '../../../activities/traffic/flagger/order.ts'

const metadata = { name: 'orders', uid: 'u', resourceVersion: '1' }
const deployment: Deployment = { metadata, spec: { template: { image: 'v2' } } }
const canary = {
  metadata,
  spec: { targetRef: { kind: 'Deployment', name: 'orders' }, analysis: { stepWeights: [10, 50, 100] } },
  status: {
    phase: 'Progressing',
    lastAppliedSpec: 'new',
    lastPromotedSpec: 'old',
    conditions: [{ type: 'Promoted', lastTransitionTime: '2026-11-27T12:00:00Z' }],
  },
} as unknown as Canary

/** Its order and its route; `turnsBack`: the run does, order first, behind so many reads. */
function world({ weight, turnsBack = Infinity }: { weight: number; turnsBack?: number }) {
  let reads = 0
  const ordered = (to: number): Canary => {
    const order = orderFor({ canary, deployment }, { from: 0, to, mesh: 'istio' })
    return { ...canary, metadata: { ...metadata, annotations: { [ORDER]: JSON.stringify(order) } } }
  }
  const route = (share: number) => {
    const to = (side: string, of: number) => ({ destination: { host: `orders-${side}` }, weight: of })
    return { metadata, spec: { http: [{ route: [to('primary', 100 - share), to('canary', share)] }] } }
  }
  return {
    async get<O>({ path }: { path: string }): Promise<O> {
      const isBack = reads++ >= turnsBack
      if (path.includes('/deployments/')) return deployment as O
      if (path.includes('/canaries/')) return ordered(isBack ? 0 : 10) as O
      return route(isBack ? 0 : weight) as O
    },
  }
}
const asks = (of: Parameters<typeof world>[0], gate: 'confirm-traffic-increase' | 'rollback') =>
  answered(world(of), { namespace: 'shop', canary: 'orders', gate }, { signal: new AbortController().signal })

it('the next weight is open below what was asked for, and closed at it', async () => {
  expect(await asks({ weight: 0 }, 'confirm-traffic-increase')).toBe(true)
  expect(await asks({ weight: 10 }, 'confirm-traffic-increase')).toBe(false)
})

it.each([0, 1, 2, 3])(
  'nothing leads up when the run turns back behind %i of the reads',
  async (turnsBack) => {
    expect(await asks({ weight: 10, turnsBack }, 'confirm-traffic-increase')).toBe(false)
  },
)

it('once it has turned back, Flagger is let back', async () => {
  expect(await asks({ weight: 10, turnsBack: 0 }, 'rollback')).toBe(true)
})
