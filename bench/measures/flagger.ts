// A metric turns bad -> the VirtualService gives everything to the old side: a guard of a run on traffic/istio beside Flagger's own
// analysis, with the same interval and threshold, on the same API server, at the same time.
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import { stringify } from 'yaml'
import { startTemporal } from '../../lab/servers/temporal.ts'
import { until } from '../../lab/until.ts'
import { ACCESS, NAMESPACE } from '../../test/kubernetes/ground.ts'
import {
  type FlaggerGround,
  deploy,
  leaveToItself,
  orderByHand,
  phaseOf,
  putCanary,
  servicesPath,
  startFlaggerGround,
  weightsOf,
} from '../../test/kubernetes/traffic/flagger-ground.ts'
import { createTestWorker } from '../../worker/testing.ts'
import { IstioConfig, rulesOf } from '../../activities/traffic/istio/schema.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'
import { begin } from '../ground/run.ts'
import { type Steered, startSteered } from '../../lab/steered.ts'

const SAMPLES = 6 // of each, at the same time, each at a moment of its own within the interval
const INTERVAL_MS = 10_000 // Flagger's shortest
const THRESHOLD = 2
const RECHECK = '1s' // of a bad look, where a guard says so; Flagger knows nothing of the kind
const LOOK_MS = 20
const STEADY_MS = 25_000 // both have looked twice and found it good
const BACK_MS_MAX = 120_000
const TARGET = 0.3

export async function breachBesideFlagger(): Promise<Row[]> {
  const metrics = await startSteered()
  const ground = await startFlaggerGround(metrics.url, '1s')
  const temporal = await startTemporal()
  const connection = await NativeConnection.connect({ address: temporal.address })
  const worker = await createTestWorker({ connection, namespace: 'default', deps: ground.deps() })
  const client = new Client({ connection, namespace: 'default' })
  try {
    const numbers = Array.from({ length: SAMPLES }, (_, number) => number)
    const of = (recheck?: string) =>
      Promise.all(numbers.map((number) => ofRun({ ground, metrics, client }, { number, recheck })))
    const [flagger, plain, quick] = await Promise.all([
      Promise.all(numbers.map((number) => ofFlagger(ground, metrics, number))),
      of(),
      of(RECHECK),
    ])
    return [rowOf(flagger, plain), rowOf(flagger, quick, RECHECK)]
  } finally {
    await worker.stop()
    await connection.close()
    await temporal.server.close()
    await ground.end()
    metrics.close()
  }
}

/** Held at 10 % by its gate, with an analysis that is good until it is not. */
async function ofFlagger(ground: FlaggerGround, metrics: Steered, number: number): Promise<number> {
  const name = `theirs-${number}`
  await ground.kubernetes.create(`/apis/flagger.app/v1beta1/namespaces/${NAMESPACE}/metrictemplates`, {
    apiVersion: 'flagger.app/v1beta1',
    kind: 'MetricTemplate',
    metadata: { name },
    spec: { provider: { type: 'prometheus', address: metrics.url }, query: `errors{app="${name}"}` },
  })
  const metric = { name, interval: '1m', thresholdRange: { max: 0.5 }, templateRef: { name } }
  leaveToItself(name)
  await putCanary(ground, name, { analysis: { threshold: THRESHOLD, metrics: [metric] } })
  await deploy(ground, name)
  await orderByHand(ground, name, 10)
  await phaseOf(ground, name, 'Progressing')
  await until(`${name} is at 10 %`, async () => (await weightsOf(ground, name))[1] === 10, BACK_MS_MAX)
  return await breached(ground, metrics, { name, number })
}

async function ofRun(
  { ground, metrics, client }: { ground: FlaggerGround; metrics: Steered; client: Client },
  { number, recheck }: { number: number; recheck: string | undefined },
): Promise<number> {
  const name = `${recheck === undefined ? 'ours' : 'quick'}-${number}`
  const { kubernetes, allow } = ground
  for (const service of [`${name}-v1`, `${name}-v2`])
    await kubernetes.create(`/api/v1/namespaces/${NAMESPACE}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service },
      spec: { ports: [{ port: 8080 }] },
    })
  const route = [`${name}-v1`, `${name}-v2`].map((host, at) => ({
    destination: { host },
    weight: at === 0 ? 100 : 0,
  }))
  await kubernetes.create(servicesPath(''), {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name },
    spec: { hosts: [name], http: [{ route }] },
  })
  const edge = {
    ...ACCESS,
    virtual_service: name,
    old: { host: `${name}-v1` },
    new: { host: `${name}-v2` },
    counts: { from: { url: metrics.url }, old: 'requests{side="old"}', new: 'requests{side="new"}' },
  }
  await allow(rulesOf(IstioConfig.parse(edge), { changed: ['split'], looked: [] }))
  const run = await begin(client, runbook(name, { edge, metrics, recheck }))
  await run.holds(10)
  return await breached(ground, metrics, { name, number })
}

function runbook(
  service: string,
  { edge, metrics, recheck }: { edge: object; metrics: Steered; recheck: string | undefined },
): string {
  return stringify({
    cutover: 'v1',
    service,
    connections: {
      edge: { provider: 'traffic/istio', ...edge },
      prom: { provider: 'metrics/prometheus', url: metrics.url },
    },
    guards: {
      errors: {
        from: 'prom',
        query: `errors{app="${service}"}`,
        max: 0.5,
        every: `${INTERVAL_MS / 1_000}s`,
        breach: `${THRESHOLD} in a row`,
        ...(recheck === undefined ? {} : { recheck }),
      },
    },
    steps: [{ canary: { connection: 'edge', weights: ['10%'], hold: '1h', samples: 0 } }],
  })
}

/** From the moment at which the metric is bad to that at which the API server has the old weights. */
async function breached(
  ground: FlaggerGround,
  metrics: Steered,
  { name, number }: { name: string; number: number },
): Promise<number> {
  await sleep(STEADY_MS + (number * INTERVAL_MS) / SAMPLES)
  if ((await weightsOf(ground, name))[1] !== 10) throw new Error(`${name} has left its 10 % by itself`)
  metrics.set(name, 1)
  const from = Date.now()
  while ((await weightsOf(ground, name))[1] !== 0) {
    if (Date.now() - from > BACK_MS_MAX) throw new Error(`${name} is not back`)
    await sleep(LOOK_MS)
  }
  return Date.now() - from
}

function rowOf(theirs: number[], ours: number[], recheck?: string): Row {
  const [flagger, run] = [spreadOf(theirs), spreadOf(ours)]
  const ratio = rounded(run.p50 / flagger.p50)
  return {
    measure: `breach -> restored on traffic/istio beside Flagger, 10 s, threshold 2${recheck === undefined ? '' : `, recheck: ${recheck}`}`,
    target: { figure: 'p50 / Flagger p50', is: ratio, max: TARGET, unit: 'x' },
    ratios: { p50: ratio, max: rounded(run.max / flagger.max) },
    figures: { samples: run.samples, ...inMs('run', run), ...inMs('flagger', flagger) },
    note:
      recheck === undefined
        ? 'from the metric to the weights on the API server; two looks ten seconds apart take 10 to 20 s by themselves'
        : `a bad look is looked at again after ${recheck}: the first bad look takes 0 to 10 s`,
  }
}
