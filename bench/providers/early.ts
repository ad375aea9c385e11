// Aborts that come while a weight is still on its way: within 0.3 s of it. How many are lost, by ours and by the peer. Lost is what is not
// back ten seconds after everything has ended.
import { setTimeout as sleep } from 'node:timers/promises'
import { rolloutPath } from '../../lab/servers/argo-rollouts.ts'
import { until } from '../../lab/until.ts'
import { begin } from '../ground/run.ts'
import type { Row } from '../report/row.ts'
import { peerAtStep, phaseOf } from './aborts.ts'
import type { Watch } from './api.ts'
import { ARGO, EDGES, type Edge, type Routed, SERVICES, STEP, heldAt, isAt } from './edges.ts'
import { type Ground, NAMESPACE } from './ground.ts'

const WITHIN_MS = 300
const LOST_AFTER_MS = 10_000 // a hundred times what it takes

export async function earlyAborts(ground: Ground, of: { ours: number; peer: number }): Promise<Row[]> {
  const rows: Row[] = []
  for (const edge of EDGES) {
    const watch = await ground.api.watch<Routed>(edge.collection, edge.object)
    const each = Math.ceil(of.ours / EDGES.length)
    let lost = 0
    for (let turn = 0; turn < each; turn++)
      lost += await lostOfOurs(ground, edge, { watch, turn, waitMs: momentOf(turn, each) })
    watch.close()
    rows.push(rowOf(`traffic/${edge.name}, whole runs`, each, lost))
  }
  rows.push(rowOf('the controller of Argo Rollouts 1.10.1', of.peer, await lostOfPeer(ground, of.peer)))
  return rows
}

/** Spread evenly, so that every moment is met in any number of turns. */
function momentOf(turn: number, of: number): number {
  return (turn / of) * WITHIN_MS
}

async function lostOfOurs(
  ground: Ground,
  edge: Edge,
  { watch, turn, waitMs }: { watch: Watch<Routed>; turn: number; waitMs: number },
): Promise<number> {
  const service = `early-${edge.name}-${turn}`
  const run = await begin(ground.client, heldAt(ground, edge, { service, share: STEP }))
  await watch.when(`${service} at ${STEP} %`, isAt(STEP))
  await sleep(waitMs)
  await run.abort()
  const outcome = await run.outcome()
  return outcome === 'restored' && (await isBack(watch)) ? 0 : 1
}

async function lostOfPeer(ground: Ground, turns: number): Promise<number> {
  const watch = await ground.api.watch<Routed>(SERVICES, ARGO)
  const path = `${rolloutPath(NAMESPACE, ARGO)}/status`
  let lost = 0
  for (let turn = 0; turn < turns; turn++) {
    await peerAtStep(ground, watch)
    await sleep(momentOf(turn, turns))
    await ground.api.patch(path, 'merge', { status: { abort: true } })
    if (!(await isBack(watch))) lost += 1
    await until('the peer is aborted', async () => (await phaseOf(ground)) === 'Degraded', 30_000)
  }
  watch.close()
  return lost
}

async function isBack(watch: Watch<Routed>): Promise<boolean> {
  const isNow = () => watch.last() !== null && isAt(0)(watch.last() as Routed)
  return await until('the weights are back', isNow, LOST_AFTER_MS).then(
    () => true,
    () => false,
  )
}

function rowOf(words: string, aborts: number, lost: number): Row {
  return {
    measure: `aborts within 0.3 s of a weight, ${words}`,
    target: { figure: 'lost', is: lost, max: 0, unit: '' },
    ratios: {},
    figures: { aborts, lost },
  }
}
