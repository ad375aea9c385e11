// Requests that fail while all traffic goes there, back and there again. Every balancer of the lab, steady load.
import { type Load, startLoad } from '../../lab/load.ts'
import { type World, lookAround, setBack } from '../../lab/stage/world.ts'
import type { Ground } from '../ground/ground.ts'
import { begin } from '../ground/run.ts'
import { type Edge, EDGES, allTheWay, onBalancer } from '../ground/runbooks.ts'
import { type Row, rounded } from '../report/row.ts'

const RATE = 1_000 // requests per second; the lab's balancers carry 3,000 and more on two cores
const INSTANCES = 3 // of each side: neither is slow under all of the load
const SOAK_REQUESTS_MIN = 100_000
const LOAD_SECONDS_MAX = 900
const HOLD = '3s'
const FOR_GOOD = '1h' // until it is turned back
const MAX = '50%' // nothing fails by script here; the guard only has to be there

const NAMES: Record<Edge, string> = {
  haproxy: 'HAProxy',
  envoy: 'Envoy',
  nginx: 'NGINX',
  traefik: 'Traefik',
  caddy: 'Caddy',
}

/** It resets new connections while it loads a change, which no client expects: told without a target (docs/providers/traffic-caddy.md). */
const LOSES_BY_ITSELF: Edge[] = ['caddy']

export async function failedRequests(ground: Ground, isSoak: boolean): Promise<Row[]> {
  const start = await lookAround(ground.lab)
  await ground.lab.fleets.new.scale(INSTANCES)
  const rows: Row[] = []
  try {
    for (const edge of Object.keys(EDGES) as Edge[]) rows.push(await through(ground, edge, { isSoak, start }))
  } finally {
    await setBack(ground.lab, start)
  }
  return rows
}

async function through(
  ground: Ground,
  edge: Edge,
  { isSoak, start }: { isSoak: boolean; start: World },
): Promise<Row> {
  const { url } = ground.lab.addresses[edge]
  // What a reload resets is repeated once, as HTTP libraries do, and counted.
  const load = await startLoad({
    target: { url },
    ratePerSecond: RATE,
    secondsMax: LOAD_SECONDS_MAX,
    repeatsReset: true,
  })
  let turns = 0
  const wanted = isSoak ? SOAK_REQUESTS_MIN : 1
  while ((await load.read()).sent < wanted || turns === 0) await thereAndBack(ground, edge, turns++)
  await there(ground, edge)
  const row = rowOf(edge, turns, await load.stop())
  await setBack(ground.lab, { ...start, capacity: { ...start.capacity, new: INSTANCES } })
  return row
}

async function thereAndBack({ lab, client }: Ground, edge: Edge, turn: number): Promise<void> {
  const steps = allTheWay(HOLD, FOR_GOOD)
  const service = `requests-${edge}-${turn}`
  const run = await begin(client, onBalancer(lab.addresses, { service, edge, steps, max: MAX }))
  await run.holds(100)
  await run.abort()
  await ended(run, 'restored')
}

async function there({ lab, client }: Ground, edge: Edge): Promise<void> {
  const service = `requests-${edge}-again`
  const steps = allTheWay(HOLD, HOLD)
  await ended(await begin(client, onBalancer(lab.addresses, { service, edge, steps, max: MAX })), 'completed')
}

async function ended(run: Awaited<ReturnType<typeof begin>>, wanted: string): Promise<void> {
  const outcome = await run.outcome()
  if (outcome !== wanted) throw new Error(`${run.service} ended ${outcome} instead of ${wanted}`)
}

function rowOf(edge: Edge, turns: number, report: Awaited<ReturnType<Load['stop']>>): Row {
  const { sent, failed, failures, skipped, repeated, seconds, sides, latencyMs } = report
  const losesByItself = LOSES_BY_ITSELF.includes(edge)
  return {
    measure: `requests through there, back and there again, ${NAMES[edge]}`,
    target: losesByItself ? null : { figure: 'failed', is: failed, max: 0, unit: '' },
    ratios: {
      failedToSent: sent === 0 ? 0 : failed / sent,
      perSecondToWanted: rounded(sent / seconds / RATE),
    },
    figures: {
      requests: sent,
      [losesByItself ? 'failedAtChange' : 'failedRequests']: failed,
      repeatedAfterReset: repeated,
      notSent: skipped,
      thereAndBack: turns,
      answeredByOld: sides.old.answered,
      answeredByNew: sides.new.answered,
      latencyP50Ms: rounded(latencyMs.p50),
      latencyP99Ms: rounded(latencyMs.p99),
    },
    ...(failed === 0 ? {} : { note: JSON.stringify(failures) }),
  }
}
