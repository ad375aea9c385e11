// Traefik as one more edge in front of both sides. Its services stand in one file of a watched folder, replaced by rename;
// service `app` shares between v1 (old) and v2 (new), `mirrored` copies to `shadow`. Service `payments` is a neighbour.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'
import { type Behind, type BehindOptions, behind, edgePorts } from './behind.ts'

const THROTTLE_MS = 100 // Traefik's own default is 2 s, for clusters that change all the time

type Ports = { edge: number; own: number }

export type Traefik = {
  server: ServerHandle
  /** Where users come in. */
  url: string
  port: number
  apiUrl: string
  /** The file to replace by rename, in the folder that Traefik watches. */
  dynamicFile: string
  /** Read at start only. */
  staticFile: string
  service: 'app'
  mirroring: 'mirrored'
  services: { old: 'v1'; new: 'v2'; shadow: 'shadow' }
}

export async function startTraefik(options: BehindOptions): Promise<Traefik> {
  const command = requireServer('traefik')
  const sides = behind(options)
  let folder = ''
  const { chosen, server } = await startServer<Ports>('traefik', edgePorts, (ports, path) => {
    folder = path
    mkdirSync(join(path, 'dynamic'))
    writeFileSync(dynamicFile(path), dynamic(sides))
    writeFileSync(staticFile(path), configuration(ports, path))
    const isReady = async () => (await fetch(`http://127.0.0.1:${ports.own}/api/http/services/app@file`)).ok
    return { command, args: [`--configFile=${staticFile(path)}`], isReady }
  })
  return {
    server,
    url: `http://127.0.0.1:${chosen.edge}`,
    port: chosen.edge,
    apiUrl: `http://127.0.0.1:${chosen.own}`,
    dynamicFile: dynamicFile(folder),
    staticFile: staticFile(folder),
    service: 'app',
    mirroring: 'mirrored',
    services: { old: 'v1', new: 'v2', shadow: 'shadow' },
  }
}

const dynamicFile = (folder: string): string => join(folder, 'dynamic', 'app.yml')
const staticFile = (folder: string): string => join(folder, 'traefik.yml')

function configuration(ports: Ports, folder: string): string {
  return `entryPoints:
  web: { address: "127.0.0.1:${ports.edge}" }
  traefik: { address: "127.0.0.1:${ports.own}" }
api: { insecure: true }
global: { checkNewVersion: false, sendAnonymousUsage: false }
metrics: { prometheus: { entryPoint: traefik, addServicesLabels: true } }
providers:
  providersThrottleDuration: ${THROTTLE_MS}ms
  file: { directory: "${folder}/dynamic", watch: true }
`
}

function servers(ports: number[]): string {
  return ports.map((port) => `{ url: "http://127.0.0.1:${port}" }`).join(', ')
}

function dynamic(sides: Behind): string {
  return `# Services and routers. Weights of app and the percent of its mirror are replaced by cutover.
http:
  routers:
    app: { rule: "PathPrefix(\`/\`)", service: mirrored, entryPoints: [web] }
    payments: { rule: "PathPrefix(\`/payments\`)", service: payments, entryPoints: [web] }
  services:
    app:
      weighted:
        services:
          - name: v1
            weight: 100 # old
          - name: v2
            weight: 0 # new
    mirrored:
      mirroring: { service: app, mirrorBody: true, maxBodySize: -1, mirrors: [{ name: shadow, percent: 0 }] }
    payments: { weighted: { services: [{ name: p1, weight: 70 }, { name: p2, weight: 30 }] } }
    v1: { loadBalancer: { servers: [${servers(sides.old)}] } }
    v2: { loadBalancer: { servers: [${servers(sides.new)}] } }
    shadow: { loadBalancer: { servers: [${servers(sides.shadow)}] } }
    p1: { loadBalancer: { servers: [${servers(sides.old)}] } }
    p2: { loadBalancer: { servers: [${servers(sides.new)}] } }
`
}
