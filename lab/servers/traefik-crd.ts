// Traefik as it runs in a cluster, on loopback: its kubernetesCRD provider reads IngressRoutes and TraefikServices of an API server
// that runs. Its Services are ExternalName, for a real API server takes no endpoint on loopback.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { type ServerHandle, startServer } from '../server-process.ts'
import type { KubeObject, Kubernetes } from './kubernetes.ts'

const THROTTLE_MS = 100 // Traefik's own default is 2 s, for clusters that change all the time

export type TraefikCrd = {
  server: ServerHandle
  /** Where users come in. */
  url: string
  apiUrl: string
}

export async function startTraefikCrd(
  kubernetes: Kubernetes,
  { namespace, hasSafeNames = false }: { namespace: string; hasSafeNames?: boolean },
): Promise<TraefikCrd> {
  const command = requireServer('traefik')
  const { chosen, server } = await startServer<{ edge: number; admin: number }>(
    'traefik-crd',
    async () => {
      const [edge = 0, admin = 0] = await freePorts(2)
      return { edge, admin }
    },
    ({ edge, admin }, path) => {
      const config = join(path, 'traefik.yml')
      writeFileSync(
        config,
        `entryPoints:
  web: { address: "127.0.0.1:${edge}" }
  traefik: { address: "127.0.0.1:${admin}" }
api: { insecure: true }
ping: { entryPoint: traefik }
log: { level: WARN }
global: { checkNewVersion: false, sendAnonymousUsage: false }
metrics: { prometheus: { entryPoint: traefik, addServicesLabels: true } }
providers:
  providersThrottleDuration: ${THROTTLE_MS}ms
  kubernetesCRD:
    endpoint: "${kubernetes.url}"
    token: "${kubernetes.admin}"
    certAuthFilePath: "${kubernetes.ca}"
    namespaces: [${namespace}]
    allowExternalNameServices: true
    throttleDuration: ${THROTTLE_MS}ms
    safeNaming: ${hasSafeNames}
`,
        { mode: 0o600 },
      )
      const isReady = async () => (await fetch(`http://127.0.0.1:${admin}/ping`)).ok
      return { command, args: [`--configFile=${config}`], isReady }
    },
  )
  return { server, url: `http://127.0.0.1:${chosen.edge}`, apiUrl: `http://127.0.0.1:${chosen.admin}` }
}

/** A Service that leads to a port of loopback. */
export function externalService(of: { namespace: string; name: string; port: number }): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: of.name, namespace: of.namespace },
    spec: {
      type: 'ExternalName',
      externalName: 'localhost',
      ports: [{ name: 'http', port: of.port, protocol: 'TCP' }],
    },
  }
}
