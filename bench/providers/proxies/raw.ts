// The same weights and counts without a provider: what a script would send to each proxy. Looks at nothing, proves nothing.
import { execFile } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Caddy } from '../../../lab/servers/caddy.ts'
import type { Envoy } from '../../../lab/servers/envoy.ts'
import type { Haproxy } from '../../../lab/servers/haproxy.ts'
import type { Nginx } from '../../../lab/servers/nginx.ts'
import type { Traefik } from '../../../lab/servers/traefik.ts'
import type { Writer } from '../calls.ts'

const CALL_MS = 10_000 // as a provider's

export interface Raw {
  /** Is there when the proxy has accepted the weights. */
  write: Writer
  /** Requests of the old side that have not ended, where the proxy tells. */
  inFlight?(): Promise<number>
}

export function rawHaproxy({ socket, backend, servers }: Haproxy): Raw {
  return {
    // Raised before lowered, as everybody must: the other order answers 503.
    write: async (share) => {
      const weights = [
        `${backend}/${servers.new} weight ${share}`,
        `${backend}/${servers.old} weight ${100 - share}`,
      ]
      const line = (share > 0 ? weights : weights.toReversed()).map((each) => `set server ${each}`).join('; ')
      const reply = await askSocket(socket, line)
      if (reply.trim() !== '') throw new Error(`HAProxy answered "${reply.trim()}" to ${line}`)
    },
    inFlight: async () => {
      const [heading = '', ...rows] = (await askSocket(socket, `show stat ${backend} 4 -1`))
        .trim()
        .split('\n')
      const names = heading.replace(/^# /, '').split(',')
      const row = rows
        .map((line) => line.split(','))
        .find((fields) => fields[names.indexOf('svname')] === servers.old)
      return numberIn(row?.[names.indexOf('scur')], 'scur of HAProxy')
    },
  }
}

function askSocket(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = ''
    const socket = connect({ path, signal: AbortSignal.timeout(CALL_MS) })
    socket.on('connect', () => socket.write(`${line}\n`))
    socket.on('data', (chunk) => (reply += chunk.toString()))
    socket.on('end', () => resolve(reply))
    socket.on('error', reject)
  })
}

type Routes = { resources: { virtual_hosts: { routes: Route[] }[] }[]; version_info: string }
type Route = { name: string; route: { weighted_clusters: { clusters: { name: string; weight: number }[] } } }

export function rawEnvoy({ routesFile, adminUrl, clusters }: Envoy, folder: string): Raw {
  let version = 0
  return {
    write: async (share) => {
      const document = JSON.parse(await readFile(routesFile, 'utf8')) as Routes
      const routes = document.resources.flatMap((each) => each.virtual_hosts.flatMap((host) => host.routes))
      const own = routes.find(({ name }) => name === 'orders')?.route.weighted_clusters.clusters ?? []
      for (const cluster of own) cluster.weight = cluster.name === clusters.new ? share : 100 - share
      document.version_info = `raw-${(version += 1)}`
      await renamed(join(folder, 'raw.json'), routesFile, JSON.stringify(document))
    },
    inFlight: async () => {
      const text = await textOf(`${adminUrl}/stats?filter=^cluster\\.${clusters.old}\\.upstream_rq_active$`)
      return numberIn(/: (\d+)/.exec(text)?.[1], 'upstream_rq_active of Envoy')
    },
  }
}

export function rawNginx(
  { splitFile, variable, upstreams, commandFolder, reload }: Nginx,
  folder: string,
): Raw {
  const block = new RegExp(`(split_clients "[^"]*" \\${variable} \\{)[^}]*\\}`)
  return {
    write: async (share) => {
      const text = await readFile(splitFile, 'utf8')
      const lines =
        share === 0 || share === 100
          ? `* ${share === 0 ? upstreams.old : upstreams.new};`
          : `${share}% ${upstreams.new};\n    * ${upstreams.old};`
      await renamed(join(folder, 'raw.conf'), splitFile, text.replace(block, `$1\n    ${lines}\n}`))
      await promisify(execFile)(join(commandFolder, reload), { timeout: CALL_MS })
    },
  }
}

export function rawTraefik({ dynamicFile }: Traefik, folder: string): Raw {
  return {
    write: async (share) => {
      const text = await readFile(dynamicFile, 'utf8')
      const changed = text
        .replace(/weight: \d+ # old/, `weight: ${100 - share} # old`)
        .replace(/weight: \d+ # new/, `weight: ${share} # new`)
      await renamed(join(folder, 'raw.yml'), dynamicFile, changed)
    },
  }
}

export function rawCaddy({ adminUrl, handler, upstreams }: Caddy): Raw {
  // Over connections of their own: Caddy starts its admin API anew with every change, and closes those that are open.
  const headers = { origin: adminUrl, 'content-type': 'application/json', connection: 'close' }
  return {
    write: async (share) => {
      const url = `${adminUrl}${handler}/load_balancing/selection_policy/weights`
      const body = JSON.stringify([100 - share, share])
      await textOf(url, { method: 'PATCH', headers, body })
    },
    inFlight: async () => {
      const all = JSON.parse(await textOf(`${adminUrl}/reverse_proxy/upstreams`, { headers })) as {
        address: string
        num_requests: number
      }[]
      const [old] = all.filter(({ address }) => upstreams.old.includes(address))
      return numberIn(old?.num_requests, 'num_requests of Caddy')
    },
  }
}

/** `from`: on the same file system, in a folder that nobody watches. */
async function renamed(from: string, to: string, text: string): Promise<void> {
  await writeFile(from, text)
  await rename(from, to)
}

async function textOf(url: string, init: RequestInit = {}): Promise<string> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_MS) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${answer.status} ${text}`)
  return text
}

function numberIn(text: string | number | undefined, what: string): number {
  if (text === undefined || text === '' || !Number.isFinite(Number(text)))
    throw new Error(`${what}: "${text}"`)
  return Number(text)
}
