// A service behind a route that Flux declares, all of it as it is: its controllers, a repository over HTTP, a gateway with users,
// metrics, Temporal, and a worker under the role that `cutover rbac` prints.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { connect } from '../../../client/temporal.ts'
import { createFolder } from '../../../lab/folder.ts'
import { startPrometheus } from '../../../lab/servers/prometheus.ts'
import { startTemporal } from '../../../lab/servers/temporal.ts'
import { type Cli, cliWith } from '../../../lab/stage/cli.ts'
import { allowAsPrinted } from '../../../lab/stage/role.ts'
import { type LabWorker, startWorker, temporalEnvironment } from '../../../lab/stage/worker.ts'
import { workflowIdOf } from '../../../workflows/messages.ts'
import { startUpstream } from '../../contract/traffic/upstream.ts'
import { NAMESPACE, WORKER } from '../ground.ts'
import { startGateway } from '../traffic/gateway.ts'
import { pathOf, read } from '../traffic/gateway-bench.ts'
import { type Declared, type Real, realFlux } from './real.ts'

const NAME = 'orders'
const BACKENDS = ['orders-v1', 'orders-v2'] as const
const EXPIRES = '1h'

export interface FluxStage {
  real: Real
  orders: Declared
  cli: Cli
  worker: LabWorker
  /** Where users come in. */
  url: string
  /** A runbook that suspends Flux, for so long; null: one that does not think of it. */
  runbook(expires?: string | null): string
  /** As whoever clears up on the server of Temporal does: the run is gone, and does nothing more. */
  terminate(): Promise<void>
  end(): Promise<void>
}

export async function openFluxStage(): Promise<FluxStage> {
  const folder = createFolder('flux-run')
  const real = await realFlux()
  const { kubernetes } = real.ground
  const orders = await real.declare(NAME, BACKENDS)
  const [old, fresh] = [await startUpstream('old'), await startUpstream('new')]
  const backends = { [BACKENDS[0]]: old, [BACKENDS[1]]: fresh }
  const gateway = await startGateway(kubernetes, { path: pathOf(NAME), backends })
  await read(real.ground, NAME)
  const metrics = await startPrometheus({ scrape: [{ job: 'gateway', targets: [gateway.metrics.host] }] })
  const temporal = await startTemporal()
  const environment = temporalEnvironment({ temporal })
  const cli = cliWith(environment)
  const kubeconfig = join(folder.path, 'kubeconfig')
  writeFileSync(kubeconfig, kubernetes.kubeconfig(WORKER.token))
  const runbook = (expires: string | null = EXPIRES): string => {
    const file = join(folder.path, `orders-${expires ?? 'forgetful'}.yaml`)
    writeFileSync(file, runbookOf({ kubeconfig, metrics: metrics.url, expires }))
    return file
  }
  await allowAsPrinted(kubernetes, { cli, file: runbook(), user: WORKER.name })
  const worker = await startWorker(environment)
  return {
    real,
    orders,
    cli,
    worker,
    url: gateway.url,
    runbook,
    async terminate() {
      const access = await connect({ ...process.env, ...environment })
      await access.client.workflow.getHandle(workflowIdOf(NAME)).terminate('the test')
      await access.close()
    },
    async end() {
      await cli.end()
      await worker.server.close()
      await temporal.server.close()
      await metrics.server.close()
      await gateway.end()
      await real.end()
      await Promise.all([old.end(), fresh.end()])
      folder.remove()
    },
  }
}

function runbookOf(here: { kubeconfig: string; metrics: string; expires: string | null }): string {
  const place = { kubeconfig: `file:${here.kubeconfig}`, cluster: 'lab', namespace: NAMESPACE }
  const [old, fresh] = BACKENDS
  const counted = (backend: string) => `sum(requests_total{backend="${backend}"})`
  const counts = { from: { url: here.metrics }, old: counted(old), new: counted(fresh) }
  const gitops = { provider: 'reconciler/flux', ...place, kustomization: NAME }
  const { expires } = here
  return stringify({
    cutover: 'v1',
    service: NAME,
    connections: {
      edge: { provider: 'traffic/gateway-api', ...place, route: NAME, old, new: fresh, counts },
      ...(expires === null ? {} : { gitops }),
      prom: { provider: 'metrics/prometheus', url: here.metrics },
    },
    guards: {
      errors: {
        from: 'prom',
        query: `sum(rate(failures_total{backend="${fresh}"}[5s])) / sum(rate(requests_total{backend="${fresh}"}[5s]))`,
        samples: `sum(increase(requests_total{backend="${fresh}"}[5s]))`,
        side: 'new',
        max: '0.5%',
        breach: '3 in a row',
        every: '1s',
        min_samples: 1,
      },
    },
    steps: [
      ...(expires === null ? [] : [{ suspend: { connection: 'gitops', expires } }]),
      { canary: { connection: 'edge', weights: ['25%', '50%'], hold: '3s' } },
      { switch: { connection: 'edge', hold: '3s' } },
      ...(expires === null ? [] : [{ handback: { connection: 'gitops', every: '1s' } }]),
    ],
  })
}
