// What examples/monolith-to-kubernetes.yaml needs: a pair of HAProxy and a Gateway in front of two services, a zone, Argo CD as it is over
// the route (all the time), metrics, Temporal, and a worker under the role that `cutover rbac` prints.
import { readFileSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { askDns } from '../../lab/dns.ts'
import { createFolder } from '../../lab/folder.ts'
import { startBind } from '../../lab/servers/bind.ts'
import { startPrometheus } from '../../lab/servers/prometheus.ts'
import { startTemporal } from '../../lab/servers/temporal.ts'
import { type Cli, cliWith } from '../../lab/stage/cli.ts'
import { EXAMPLES } from '../../lab/stage/examples.ts'
import { allowAsPrinted } from '../../lab/stage/role.ts'
import { type LabWorker, startWorker, temporalEnvironment } from '../../lab/stage/worker.ts'
import { command } from '../contract/traffic/haproxy-server.ts'
import { startOwnHaproxy } from '../contract/traffic/own-haproxy.ts'
import { WORKER } from './ground.ts'
import { type Declared, compared, realArgoCd } from './reconciler/real.ts'
import { startGateway } from './traffic/gateway.ts'
import { pathOf } from './traffic/gateway-bench.ts'

const RECORD = 'api.example.test.'

export interface MonolithStage {
  file: string
  cli: Cli
  worker: LabWorker
  /** What Argo CD declares: its repository, its Application, the route. */
  orders: Declared
  /** When Argo CD has begun to apply something for the last time. */
  lastSync(): Promise<string | undefined>
  /** Argo CD has looked at what is in the repository now, as after a webhook of it. */
  compared(): Promise<void>
  /** Where users come in. */
  urls: string[]
  /** Weights of each HAProxy and of the route, the record, and how Argo CD goes on; read without the providers. */
  look(): Promise<{ pair: unknown[]; route: unknown; record: unknown[]; automated: unknown }>
  /** The new side answers 500. */
  break(isBroken: boolean): void
  close(): Promise<void>
}

export async function openMonolithStage(): Promise<MonolithStage> {
  const folder = createFolder('monolith')
  const state = { isBroken: false }
  const [old, fresh] = [await serve('old', { isBroken: false }), await serve('new', state)]
  const backend = `  server monolith 127.0.0.1:${portOf(old)} weight 100\n  server kubernetes 127.0.0.1:${portOf(fresh)} weight 0`
  const [lbA, lbB] = [await startOwnHaproxy(backend), await startOwnHaproxy(backend)]
  const bind = await startBind({ apiTtlSeconds: 2, apiAddress: '127.0.0.1' })
  const real = await realArgoCd()
  const { kubernetes } = real.ground
  const orders = await real.declare('orders', ['monolith', 'orders'])
  const backends = { monolith: { port: portOf(old) }, orders: { port: portOf(fresh) } }
  const gateway = await startGateway(kubernetes, { path: pathOf('orders'), backends })
  const metrics = await startPrometheus({ scrape: [{ job: 'gateway', targets: [gateway.metrics.host] }] })
  const temporal = await startTemporal()
  const cli = cliWith(temporalEnvironment({ temporal }))
  const kubeconfig = join(folder.path, 'kubeconfig')
  writeFileSync(kubeconfig, kubernetes.kubeconfig(WORKER.token))
  const file = join(folder.path, 'orders.yaml')
  const { name, algorithm, secret } = bind.key
  const server = `${bind.dns.host}:${bind.dns.port}`
  const zone = { server, key_name: name, algorithm }
  writeFileSync(file, runbook({ kubeconfig, metrics: metrics.url, zone, sockets: [lbA.socket, lbB.socket] }))
  await allowAsPrinted(kubernetes, { cli, file, user: WORKER.name })
  const worker = await startWorker({ ...temporalEnvironment({ temporal }), DNS_TSIG_KEY: secret })
  const weightsOf = async (socket: string) => {
    const answers = ['monolith', 'kubernetes'].map((each) => command(socket, `get weight bk/${each}`))
    return (await Promise.all(answers)).map((text) => Number(text.split(' ')[0]))
  }
  return {
    file,
    cli,
    worker,
    orders,
    lastSync: async () =>
      ((await orders.get()) as unknown as ApplicationNow).status.operationState?.startedAt,
    compared: () => compared(kubernetes, orders),
    urls: [lbA.url, lbB.url, gateway.url],
    async look() {
      const { weights } = await orders.route()
      const app = (await orders.get()) as unknown as ApplicationNow
      const { records } = await askDns(bind.dns, RECORD, 'A')
      return {
        pair: [await weightsOf(lbA.socket), await weightsOf(lbB.socket)],
        route: weights,
        record: records.map(({ data }) => data),
        automated: app.spec.syncPolicy.automated,
      }
    },
    break: (isBroken) => void Object.assign(state, { isBroken }),
    async close() {
      await cli.end()
      await worker.server.close()
      await gateway.end()
      for (const { server: each } of [temporal, metrics, lbA, lbB, bind]) await each.close()
      await real.end()
      for (const each of [old, fresh]) {
        each.closeAllConnections()
        each.close()
      }
      folder.remove()
    },
  }
}

type ApplicationNow = {
  spec: { syncPolicy: { automated?: object } }
  status: { operationState?: { startedAt: string } }
}

type Runbook = {
  connections: { [name: string]: { [field: string]: unknown } }
  guards: { [name: string]: { [field: string]: unknown } }
  steps: { [kind: string]: { [field: string]: unknown } }[]
}

/** The example, with the addresses and counters of this place and short holds. */
function runbook(here: { kubeconfig: string; metrics: string; zone: object; sockets: string[] }): string {
  const text = readFileSync(join(EXAMPLES, 'monolith-to-kubernetes.yaml'), 'utf8')
    .replaceAll('http://prometheus.example:9090', here.metrics)
    .replaceAll('file:/etc/cutover/kubeconfig', `file:${here.kubeconfig}`)
    .replaceAll('example.com.', 'example.test.')
    .replaceAll(/istio_requests_total\{[^}]*service_name="(\w+)"\}/g, 'requests_total{backend="$1"}')
    .replaceAll('[1m]', '[5s]')
  const content = parse(text) as Runbook
  const { connections, guards, steps } = content
  for (const [index, name] of ['lb-a', 'lb-b'].entries())
    Object.assign(connections[name]!, { socket: here.sockets[index], backend: 'bk' })
  Object.assign(connections['zone']!, here.zone)
  Object.assign(guards['errors']!, {
    query:
      'sum(rate(failures_total{backend="orders"}[5s])) / sum(rate(requests_total{backend="orders"}[5s]))',
    samples: 'sum(increase(requests_total{backend="orders"}[5s]))',
    every: '1s',
    min_samples: 1,
  })
  const hurried: { [kind: string]: object } = {
    ttl: { to: '1s', resolvers: [], margin: '0ms' },
    canary: { weights: ['25%', '50%'], hold: '3s' },
    switch: { hold: '3s' },
    repoint: { hold: '2s', resolvers: [], margin: '0ms' },
    handback: { every: '1s' },
  }
  for (const step of steps)
    for (const [kind, fields] of Object.entries(step)) Object.assign(fields, hurried[kind] ?? {})
  return stringify(content)
}

async function serve(side: string, state: { isBroken: boolean }): Promise<Server> {
  const server = createServer((_, response) => {
    response.setHeader('x-side', side)
    response.writeHead(state.isBroken ? 500 : 200).end('ok')
  })
  server.keepAliveTimeout = 0 // a balancer that reuses a connection the moment it is closed would lose a request
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
