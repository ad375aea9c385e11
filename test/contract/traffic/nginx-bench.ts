// A real NGINX for the suites of traffic/nginx, and what it can be brought to say that is not so: a reload that is late or never
// comes, one that reaches half of the workers, a control address that leads to another NGINX than the one that is reloaded.
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { nginx } from '../../../activities/traffic/nginx/index.ts'
import { type Nginx, startNginx } from '../../../lab/servers/nginx.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import type { Lies } from '../bench-lies.ts'
import type { ChangingBench } from '../changing.ts'
import { type TestDeps, testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { type Switch, startSwitch } from './switch.ts'
import { startUpstream } from './upstream.ts'

export const provider = nginx as unknown as ChangingBench['provider']

export interface Stand {
  edge: Nginx
  deps: TestDeps
  end(): Promise<void>
}

export async function startStand(options: { key?: string } = {}): Promise<Stand> {
  const upstreams = await Promise.all(['old', 'new', 'shadow'].map(startUpstream))
  const [old, fresh, shadow] = upstreams.map(({ port }) => port) as [number, number, number]
  const edge = await startNginx({ old, new: fresh, shadow, ...options })
  return {
    edge,
    deps: testDeps({ commandFolder: edge.commandFolder }),
    end: async () => {
      await edge.server.close()
      await Promise.all(upstreams.map((upstream) => upstream.end()))
    },
  }
}

export function configOf(edge: Nginx, more: JsonObject = {}): JsonObject {
  return {
    file: edge.splitFile,
    variable: edge.variable,
    control: edge.controlUrl,
    check: [edge.check],
    reload: [edge.reload],
    log: edge.log,
    ...edge.upstreams,
    shadow_variable: edge.shadowVariable,
    ...more,
  }
}

export const read = (edge: Nginx): string => readFileSync(edge.splitFile, 'utf8')

/** Someone else's rename, as a config generator does it, without a reload. */
export function put(edge: Nginx, text: string): void {
  const temporary = `${edge.configFile}.stranger`
  writeFileSync(temporary, text)
  chmodSync(temporary, statSync(edge.splitFile).mode)
  renameSync(temporary, edge.splitFile)
}

/** The text with other lines in one block, as a person would write them. */
export function edited(text: string, variable: string, lines: string[]): string {
  const block = new RegExp(`(split_clients "[^"]*" \\${variable} \\{)[^}]*\\}`)
  return text.replace(block, (_, head: string) => `${head}\n    ${lines.join('\n    ')}\n}`)
}

export function linesOf(value: Split | Mirror): [string, string[]] {
  if ('percent' in value) return ['$orders_shadow', [`${value.percent}% shadow;`, '* "";']]
  const { new: share } = value
  if (share === 0 || share === 100) return ['$orders_pool', [`* ${share === 0 ? 'v1' : 'v2'};`]]
  return ['$orders_pool', [`${share}% v2;`, '* v1;']]
}

/** Reloads without our provider and waits until the workers of before are gone. */
export async function reload(edge: Nginx): Promise<void> {
  const before = workersOf(edge)
  process.kill(edge.server.pid!, 'SIGHUP')
  await until('the workers are new ones', () => {
    const now = workersOf(edge)
    return now.length === before.length && now.every((pid) => !before.includes(pid))
  })
}

export function workersOf({ server }: Nginx): number[] {
  const text = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

/** Master and workers stand still: connections are accepted by the system, and nobody answers. */
export async function freezeAll(edge: Nginx): Promise<{ end(): Promise<void> }> {
  const frozen = await Promise.all([edge.server.pid, ...workersOf(edge)].map(freeze))
  return { end: async () => void (await Promise.all(frozen.map((each) => each.end()))) }
}

/** What the reload executable does from now on. `$master` is the process to be told. */
export function reloadBy(edge: Nginx, script: string): { end(): Promise<void> } {
  const path = join(edge.commandFolder, edge.reload)
  const before = readFileSync(path, 'utf8')
  const own = `#!/bin/sh\nmaster=${edge.server.pid}\nchildren=/proc/$master/task/$master/children\n${script}\n`
  replace(path, own)
  return { end: async () => replace(path, before) }
}

/** By rename: a program that is written while it runs cannot be started. */
function replace(path: string, text: string): void {
  mkdirSync(`${path}.d`, { recursive: true })
  const temporary = join(`${path}.d`, 'next')
  writeFileSync(temporary, text)
  chmodSync(temporary, 0o755)
  renameSync(temporary, path)
}

// Children inherit nothing: an executable that leaves one behind with its outputs open would be waited for.
const LATER = (ms: number): string => `(sleep ${ms / 1_000}; kill -HUP $master) </dev/null >/dev/null 2>&1 &`

// Between the new workers' start and the word to the old ones lies 0.1 s: stopped there, the master leaves both answering.
const HALF = `read -r before < $children
kill -HUP $master
while read -r now < $children; [ "$now" = "$before" ]; do :; done
kill -STOP $master`

export function liesOf({ edge }: Stand, control: Switch): Lies {
  return {
    showLate: async (ms) => reloadBy(edge, LATER(ms)),
    freezeReader: async () => {
      const other = await control.toAnother()
      return { end: () => other.end() }
    },
    doHalf: async () => {
      const lie = reloadBy(edge, HALF)
      return {
        end: async () => {
          await lie.end()
          process.kill(edge.server.pid!, 'SIGCONT')
          await until('the workers of before are gone', () => workersOf(edge).length === 2)
        },
      }
    },
    otherPlace: {
      read: async () => read(edge) as Json,
      change: async (value) => put(edge, edited(read(edge), ...linesOf(value as Split | Mirror))),
      breakWrites: async () => reloadBy(edge, 'exit 0'),
    },
  }
}

/** A control address that can be led to an NGINX that serves what is served now, and is never told of a change. */
export function switchBefore(edge: Nginx): Promise<Switch> {
  return startSwitch(edge.controlUrl, async () => {
    const other = await startNginx({ old: 1, new: 1 })
    put(other, read(edge))
    await reload(other)
    return { url: other.controlUrl, end: () => other.server.close() }
  })
}

const VALUES = {
  split: [
    { old: 99.95, new: 0.05 },
    { old: 0, new: 100 },
  ],
  mirror: [{ percent: 20 }, { percent: 2.5 }],
} satisfies { split: Split[]; mirror: Mirror[] }

/** What the suites of ports ask for. */
export const bench = (target: 'split' | 'mirror') => async (): Promise<ChangingBench> => {
  const stand = await startStand()
  const { edge, deps } = stand
  const control = await switchBefore(edge)
  const guarded = createServer((_, response) => response.writeHead(403).end('denied')).listen(0, '127.0.0.1')
  await once(guarded, 'listening')
  const denied = `http://127.0.0.1:${(guarded.address() as AddressInfo).port}/`
  const variable = target === 'split' ? '$orders_pool' : '$orders_shadow'
  return {
    provider,
    config: configOf(edge, { control: control.url }),
    deps,
    target,
    values: [VALUES[target][0]!, VALUES[target][1]!],
    neighbours: async () => ({
      file: edited(read(edge), variable, ['']),
      files: readdirSync(dirname(edge.splitFile)),
      mode: statSync(edge.splitFile).mode,
    }),
    stranger: async (value) => {
      put(edge, edited(read(edge), ...linesOf(value as Split | Mirror)))
      await reload(edge)
    },
    outage: () => freezeAll(edge),
    lies: liesOf(stand, control),
    wrongCredentials: { config: configOf(edge, { control: denied }) },
    secrets: [],
    end: async () => {
      guarded.close()
      control.end()
      await stand.end()
    },
  }
}
