// A data plane of Istio on loopback, without a cluster: istiod on an API server that runs, and a stock Envoy as the gateway that it
// configures by xDS. No pods, no certificates, no webhooks: what a cluster's validation would refuse is taken in here.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { type ServerHandle, startServer } from '../server-process.ts'
import { type Role, bootstrapOf, groundObjects } from './istio-objects.ts'
import type { KubeObject, Kubernetes } from './kubernetes.ts'

const READY_WITHIN_MS = 60_000 // two seconds on an idle machine
const READ_MS_MAX = 5_000 // a busy machine; a hang must still end

/** Without certificates, injection, leases and what stock Envoy has no filters for. */
const ENVIRONMENT = {
  ENABLE_CA_SERVER: 'false',
  PILOT_CERT_PROVIDER: 'none',
  XDS_AUTH: 'false',
  INJECT_ENABLED: 'false',
  INJECTION_WEBHOOK_CONFIG_NAME: '',
  VALIDATION_WEBHOOK_CONFIG_NAME: '',
  ENABLE_LEADER_ELECTION: 'false',
  PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_TELEMETRY_LABEL: 'false',
}
/** With mutual TLS by itself, clusters would wait for certificates for ever. */
const MESH = { enableAutoMtls: false, enableTracing: false, ingressControllerMode: 'OFF', accessLogFile: '' }

export type Istio = {
  /** Frozen, it takes up nothing: writes are accepted and show late. */
  istiod: ServerHandle
  proxy: ServerHandle
  /** Envoy's admin interface of the gateway. */
  adminUrl: string
  /** Where Istio's Gateway `edge` of the namespace listens: VirtualServices name it. */
  edgeUrl: string
  /** Where the Gateway API's Gateway `gw` of the namespace listens: HTTPRoutes name it. */
  routesUrl: string
  /** Starts another proxy of the same Gateways: the system deals out their connections among them (SO_REUSEPORT). */
  startGateway(): Promise<{ server: ServerHandle; adminUrl: string }>
  /** Starts the proxy of a client in the mesh: it sends to what a Sidecar of the labels `app: client` says. */
  startClient(): Promise<{ server: ServerHandle; adminUrl: string }>
  close(): Promise<void>
}

/** The namespace is there already; so are the definitions of Istio and of the Gateway API. */
export async function startIstio(kubernetes: Kubernetes, namespace: string): Promise<Istio> {
  const [edge = 0, routes = 0] = await freePorts(2)
  await put(kubernetes, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } })
  for (const object of groundObjects({ namespace, edge, routes })) await put(kubernetes, object)
  const istiod = await startIstiod(kubernetes)
  const servers = [istiod.server]
  const close = async (): Promise<void> => {
    for (const server of servers.toReversed()) await server.close()
  }
  try {
    const gateway = await startProxy({ namespace, xds: istiod.xds })
    servers.push(gateway.server)
    return {
      istiod: istiod.server,
      proxy: gateway.server,
      adminUrl: gateway.adminUrl,
      edgeUrl: `http://127.0.0.1:${edge}`,
      routesUrl: `http://127.0.0.1:${routes}`,
      startGateway: () => startProxy({ namespace, xds: istiod.xds }),
      startClient: () => startProxy({ namespace, xds: istiod.xds, role: 'client' }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** By server-side apply, so that what is there already is no error. */
export async function put(kubernetes: Kubernetes, object: KubeObject): Promise<void> {
  await kubernetes.patch(`${pathOf(object)}?fieldManager=lab&force=true`, JSON.stringify(object))
}

export function pathOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): string {
  const lower = kind.toLowerCase()
  const isRegular = !/(?:[^a]y|s)$/.test(lower)
  const plural = isRegular ? `${lower}s` : lower.endsWith('s') ? `${lower}es` : `${lower.slice(0, -1)}ies`
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${group}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}/${name}`
}

async function startIstiod(kubernetes: Kubernetes): Promise<{ server: ServerHandle; xds: number }> {
  const command = requireServer('istiod')
  const { chosen, server } = await startServer(
    'istiod',
    () => freePorts(3),
    ([xds = 0, http = 0, monitoring = 0], folder) => {
      const [kubeconfig, mesh] = [join(folder, 'kubeconfig'), join(folder, 'mesh.json')]
      writeFileSync(kubeconfig, kubernetes.kubeconfig(kubernetes.admin), { mode: 0o600 })
      writeFileSync(mesh, JSON.stringify(MESH)) // JSON is YAML
      return {
        command,
        args: [
          ['discovery', '--kubeconfig', kubeconfig, '--registries', '', '--clusterID', 'Kubernetes'],
          ['--meshConfig', mesh, '--grpcAddr', `127.0.0.1:${xds}`, '--httpAddr', `127.0.0.1:${http}`],
          ['--monitoringAddr', `127.0.0.1:${monitoring}`, '--httpsAddr', '', '--secureGRPCAddr', ''],
          ['--ctrlz_port', '0'],
        ].flat(),
        env: ENVIRONMENT,
        readyWithinMs: READY_WITHIN_MS,
        isReady: async () => (await read(`http://127.0.0.1:${http}/ready`)).ok,
      }
    },
  )
  return { server, xds: chosen[0] ?? 0 }
}

async function startProxy(of: {
  namespace: string
  xds: number
  role?: Role
}): Promise<{ server: ServerHandle; adminUrl: string }> {
  const command = requireServer('envoy')
  const { chosen, server } = await startServer(
    'istio-proxy',
    async () => (await freePorts(1))[0] ?? 0,
    (admin, folder) => {
      const config = join(folder, 'bootstrap.json')
      writeFileSync(config, JSON.stringify(bootstrapOf({ ...of, admin })))
      return {
        command,
        args: [
          '-c',
          config,
          '--concurrency',
          '1',
          '--use-dynamic-base-id',
          '-l',
          'warning',
          '--drain-time-s',
          '1',
        ],
        readyWithinMs: READY_WITHIN_MS,
        // Its list of listeners names some that do not accept yet; these do.
        isReady: async () => (await listenersOf(admin)) >= (of.role === 'client' ? 1 : 2),
      }
    },
  )
  return { server, adminUrl: `http://127.0.0.1:${chosen}` }
}

async function listenersOf(admin: number): Promise<number> {
  const answer = await read(`http://127.0.0.1:${admin}/stats?filter=listener_create_success`)
  return Number(/: (\d+)/.exec(await answer.text())?.[1] ?? 0)
}

function read(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(READ_MS_MAX) })
}
