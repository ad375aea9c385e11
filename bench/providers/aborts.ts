// The way back, in turns on one API server: a whole run of ours that is aborted, the same weights written raw, and the real controller
// of Argo Rollouts that is told to abort as its plugin tells it. All three end at the same event: the weights are back in the object.
import { rolloutPath } from '../../lab/servers/argo-rollouts.ts'
import { until } from '../../lab/until.ts'
import { begin } from '../ground/run.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'
import type { Watch } from './api.ts'
import { ARGO, EDGES, type Edge, type Routed, SERVICES, STEP, heldAt, isAt } from './edges.ts'
import { type Ground, NAMESPACE } from './ground.ts'

const WARM_UP = 2 // first calls compile and connect; they are made and not counted
const PER_SECOND = 50 // users through the gateway: somebody is served, and the cores stay with what is measured
const TARGET = 1 // the same abort, no later than by the peer
const ARGO_STEP = 2 // of its setWeight
const PEER_WAITS_MS = 30_000

type Ours = { storedMs: number; restoredMs: number; activityMs: number }
type Raw = { answeredMs: number; storedMs: number }

export async function abortsInTurns(ground: Ground, turns: number): Promise<Row[]> {
  const peer: number[] = []
  const ours = new Map(EDGES.map(({ name }) => [name, [] as Ours[]]))
  const raw = new Map(EDGES.map(({ name }) => [name, [] as Raw[]]))
  const watches = new Map<string, Watch<Routed>>()
  for (const { name, collection, object } of EDGES)
    watches.set(name, await ground.api.watch<Routed>(collection, object))
  const ofPeer = await ground.api.watch<Routed>(SERVICES, ARGO)
  const load = await ground.load((EDGES[0] as Edge).url(ground), PER_SECOND)
  for (let turn = 0; turn < turns + WARM_UP; turn++) {
    const isCounted = turn >= WARM_UP
    for (const edge of EDGES) {
      const watch = watches.get(edge.name) as Watch<Routed>
      const own = await abortOurs(ground, edge, { watch, service: `${edge.name}-${turn}` })
      const bare = await writeRaw(ground, edge, watch)
      if (isCounted) ours.get(edge.name)?.push(own)
      if (isCounted) raw.get(edge.name)?.push(bare)
    }
    const took = await abortPeer(ground, ofPeer)
    if (isCounted) peer.push(took)
  }
  const { failed, sent } = await load.stop()
  for (const watch of [...watches.values(), ofPeer]) watch.close()
  const requests = { requests: sent, failedRequests: failed }
  return [
    ...EDGES.map(({ name }) =>
      rowOf(name, { ours: ours.get(name) ?? [], raw: raw.get(name) ?? [], peer, requests }),
    ),
    peerRow(peer),
  ]
}

async function abortOurs(
  { client, ...ground }: Ground,
  edge: Edge,
  { watch, service }: { watch: Watch<Routed>; service: string },
): Promise<Ours> {
  const run = await begin(client, heldAt({ client, ...ground }, edge, { service, share: STEP }))
  await run.holds(STEP)
  await watch.when(`${service} at ${STEP} %`, isAt(STEP))
  const from = await run.abort()
  const stored = await watch.when(`${service} back`, isAt(0))
  const outcome = await run.outcome()
  if (outcome !== 'restored') throw new Error(`${service} ended ${outcome} after its abort`)
  const { started, completed } = await run.restored()
  if (started === null || completed === null) throw new Error(`${service}: its history holds no restore`)
  return { storedMs: stored - from, restoredMs: completed - from, activityMs: completed - started }
}

async function writeRaw({ api }: Ground, edge: Edge, watch: Watch<Routed>): Promise<Raw> {
  const path = `${edge.collection}/${edge.object}`
  const write = (share: number) =>
    api.patch(path, 'json', [
      { op: 'replace', path: edge.weightPath(0), value: 100 - share },
      { op: 'replace', path: edge.weightPath(1), value: share },
    ])
  await write(STEP)
  await watch.when('a raw write there', isAt(STEP))
  const from = Date.now()
  const stored = watch.when('a raw write back', isAt(0))
  await write(0)
  const answered = Date.now()
  return { answeredMs: answered - from, storedMs: (await stored) - from }
}

/** To its step and, when it waits there, back. */
async function abortPeer(ground: Ground, watch: Watch<Routed>): Promise<number> {
  await peerAtStep(ground, watch)
  await until('the peer waits', async () => (await phaseOf(ground)) === 'Paused', PEER_WAITS_MS)
  const from = Date.now()
  const stored = watch.when('the peer back', isAt(0))
  await ground.api.patch(`${rolloutPath(NAMESPACE, ARGO)}/status`, 'merge', { status: { abort: true } })
  const took = (await stored) - from
  await until('the peer is aborted', async () => (await phaseOf(ground)) === 'Degraded', PEER_WAITS_MS)
  return took
}

export async function peerAtStep({ api }: Ground, watch: Watch<Routed>): Promise<void> {
  const status = { pauseConditions: null, controllerPause: false, abort: false, currentStepIndex: ARGO_STEP }
  await api.patch(`${rolloutPath(NAMESPACE, ARGO)}/status`, 'merge', { status })
  await watch.when('the peer at its step', isAt(STEP))
}

export async function phaseOf({ kubernetes }: Ground): Promise<string | undefined> {
  const { status } = (await kubernetes.get(rolloutPath(NAMESPACE, ARGO))) as { status?: { phase?: string } }
  return status?.phase
}

function rowOf(
  name: string,
  of: { ours: Ours[]; raw: Raw[]; peer: number[]; requests: { [name: string]: number } },
): Row {
  const [stored, restored, activity] = (['storedMs', 'restoredMs', 'activityMs'] as const).map((key) =>
    spreadOf(of.ours.map((each) => each[key])),
  ) as [Spread, Spread, Spread]
  const raw = spreadOf(of.raw.map(({ storedMs }) => storedMs))
  const peer = spreadOf(of.peer)
  const ratio = rounded(stored.p99 / peer.p99)
  return {
    measure: `abort -> weights are back, traffic/${name}, a whole run`,
    target: { figure: 'p99 / Argo Rollouts p99', is: ratio, max: TARGET, unit: 'x' },
    ratios: {
      p50ToArgo: rounded(stored.p50 / peer.p50),
      p99ToArgo: ratio,
      verifiedP50ToArgo: rounded(restored.p50 / peer.p50),
      verifiedP99ToArgo: rounded(restored.p99 / peer.p99),
      p50ToRaw: rounded(stored.p50 / raw.p50),
    },
    figures: {
      samples: stored.samples,
      ...inMs('back', stored),
      ...inMs('verified', restored),
      ...inMs('restoreActivity', activity),
      ...inMs('raw', raw),
      ...inMs('argo', peer),
      ...of.requests,
    },
  }
}

type Spread = ReturnType<typeof spreadOf>

function peerRow(peer: number[]): Row {
  const spread = spreadOf(peer)
  return {
    measure: 'abort -> weights are back, the controller of Argo Rollouts 1.10.1',
    target: null,
    ratios: {},
    figures: { samples: spread.samples, ...inMs('argo', spread), argoMaxMs: rounded(spread.max) },
    note: 'its abort as the kubectl plugin sends it; no leader election; pods are called ready as soon as they are asked for',
  }
}
