// A real Traefik for the suites of traffic/traefik, and what it can be brought to say that is not so: a file that is taken up
// after a long throttle or not at all, an API address that leads to another Traefik than the one that reads the file.
import { once } from 'node:events'
import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { traefik } from '../../../activities/traffic/traefik/index.ts'
import { type Traefik, startTraefik } from '../../../lab/servers/traefik.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import type { Lies } from '../bench-lies.ts'
import type { ChangingBench } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { type Switch, startSwitch } from './switch.ts'
import { startUpstream } from './upstream.ts'

export const provider = traefik as unknown as ChangingBench['provider']

const CHANGE_ALONE_MS = 3_000 // the file is another one for so long, and Traefik does not serve it

export interface Stand {
  edge: Traefik
  end(): Promise<void>
}

export async function startStand(): Promise<Stand> {
  const upstreams = await Promise.all(['old', 'new', 'shadow'].map(startUpstream))
  const [old, fresh, shadow] = upstreams.map(({ port }) => port) as [number, number, number]
  const edge = await startTraefik({ old, new: fresh, shadow })
  return {
    edge,
    end: async () => {
      await edge.server.close()
      await Promise.all(upstreams.map((upstream) => upstream.end()))
    },
  }
}

export function configOf(
  { dynamicFile, apiUrl, service, mirroring, services }: Traefik,
  more: JsonObject = {},
): JsonObject {
  return { file: dynamicFile, api: apiUrl, service, mirroring, ...services, ...more }
}

export const read = (edge: Traefik): string => readFileSync(edge.dynamicFile, 'utf8')

/** Someone else's rename. */
export function put(edge: Traefik, text: string): void {
  const temporary = `${edge.staticFile}.stranger`
  writeFileSync(temporary, text)
  renameSync(temporary, edge.dynamicFile)
}

/** The text with other figures, as a person would write them. */
export function edited(text: string, value: Split | Mirror): string {
  if ('percent' in value) return text.replace(/percent: \d+/, `percent: ${value.percent}`)
  const weights = [Math.round(value.old * 100), Math.round(value.new * 100)]
  return text
    .replace(/weight: \d+ # old/, `weight: ${weights[0]} # old`)
    .replace(/weight: \d+ # new/, `weight: ${weights[1]} # new`)
}

export async function served({ apiUrl }: Traefik, service: string): Promise<JsonObject> {
  return (await (await fetch(`${apiUrl}/api/http/services/${service}@file`)).json()) as JsonObject
}

/** Someone else's change, until Traefik serves it. */
export async function strangerWrites(edge: Traefik, text: string): Promise<void> {
  const before = JSON.stringify([await served(edge, 'app'), await served(edge, 'mirrored')])
  put(edge, text)
  await until(
    'Traefik serves it',
    async () => JSON.stringify([await served(edge, 'app'), await served(edge, 'mirrored')]) !== before,
  )
}

/** Started again with other words in its static configuration; until `end`. */
async function restartedWith(edge: Traefik, from: RegExp, to: string): Promise<{ end(): Promise<void> }> {
  const before = readFileSync(edge.staticFile, 'utf8')
  await edge.server.stop()
  writeFileSync(edge.staticFile, before.replace(from, to))
  await edge.server.start()
  return {
    end: async () => {
      await edge.server.stop()
      writeFileSync(edge.staticFile, before)
      await edge.server.start()
    },
  }
}

/** Having read its file at the start, Traefik lets every further change wait for so long. */
const throttled = (edge: Traefik, ms: number) =>
  restartedWith(edge, /providersThrottleDuration: \w+/, `providersThrottleDuration: ${ms}ms`)

export function liesOf({ edge }: Stand, api: Switch): Lies {
  return {
    showLate: (ms) => throttled(edge, ms),
    freezeReader: () => api.toAnother(),
    otherPlace: {
      read: async () => read(edge) as Json,
      change: async (value) => {
        await throttled(edge, CHANGE_ALONE_MS)
        put(edge, edited(read(edge), value as Split | Mirror))
      },
      breakWrites: () => restartedWith(edge, /watch: true/, 'watch: false'),
    },
  }
}

/** An API address that can be led to a Traefik that serves what is served at the start, and is never told of a change. */
export function switchBefore(edge: Traefik): Promise<Switch> {
  return startSwitch(edge.apiUrl, async () => {
    const other = await startTraefik({ old: 1, new: 1 })
    return { url: other.apiUrl, end: () => other.server.close() }
  })
}

const VALUES = {
  split: [
    { old: 99.95, new: 0.05 },
    { old: 0, new: 100 },
  ],
  mirror: [{ percent: 20 }, { percent: 3 }],
} satisfies { split: Split[]; mirror: Mirror[] }

/** What the suites of ports ask for. */
export const bench = (target: 'split' | 'mirror') => async (): Promise<ChangingBench> => {
  const stand = await startStand()
  const { edge } = stand
  const api = await switchBefore(edge)
  const guarded = createServer((_, response) => response.writeHead(401).end('401 Unauthorized')).listen(
    0,
    '127.0.0.1',
  )
  await once(guarded, 'listening')
  const denied = `http://127.0.0.1:${(guarded.address() as AddressInfo).port}`
  const nothing = target === 'split' ? { old: 0, new: 0 } : { percent: 0 }
  return {
    provider,
    config: configOf(edge, { api: api.url }),
    deps: testDeps(),
    target,
    values: [VALUES[target][0]!, VALUES[target][1]!],
    neighbours: async () => ({
      file: edited(read(edge), nothing),
      payments: await served(edge, 'payments'),
      files: readdirSync(dirname(edge.dynamicFile)),
      besideIt: readdirSync(dirname(edge.staticFile)),
      mode: statSync(edge.dynamicFile).mode,
    }),
    stranger: (value) => strangerWrites(edge, edited(read(edge), value as Split | Mirror)),
    outage: () => freeze(edge.server.pid),
    lies: liesOf(stand, api),
    wrongCredentials: { config: configOf(edge, { api: denied }) },
    secrets: [],
    end: async () => {
      guarded.close()
      api.end()
      await stand.end()
    },
  }
}
