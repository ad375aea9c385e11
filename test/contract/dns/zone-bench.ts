// Benches of the DNS contract: a lab's zone on a real server, seen and changed by somebody who is not our provider.
import type { Deps } from '../../../activities/provider.ts'
import { ask, rrsetOf } from '../../../activities/dns/ask.ts'
import { type PlainType, partsOf } from '../../../activities/dns/rrset.ts'
import { update } from '../../../activities/dns/rfc2136/client.ts'
import { powerdns } from '../../../activities/dns/powerdns/index.ts'
import { rfc2136 } from '../../../activities/dns/rfc2136/index.ts'
import { askDns } from '../../../lab/dns.ts'
import { type Bind, startBind } from '../../../lab/servers/bind.ts'
import { type Powerdns, startPowerdns } from '../../../lab/servers/powerdns.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'
import type { Provider } from '../../../activities/provider.ts'
import type { ChangingBench } from '../changing.ts'
import { freeze } from '../frozen.ts'
import { type TestDeps, testDeps } from '../deps.ts'

export const START = { apiTtlSeconds: 300, apiAddress: '127.0.0.1' }
export const TARGET = 'api.example.test. A'
const VALUES: [Json, Json] = [
  { ttl: 60, values: ['127.0.0.7', '127.0.0.8'] },
  { ttl: 30, values: ['127.0.0.9'] },
]
const CALL_MS_MAX = 4_000 // the deadline the engine gives one call

export const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(CALL_MS_MAX) })
export const hostPort = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`
export const wrongSecret = Buffer.alloc(32, 7).toString('base64')

export function bindConfig(bind: Bind): JsonObject {
  const { name, algorithm } = bind.key
  return { server: hostPort(bind.dns), zone: bind.zone, key: 'env:DNS_TSIG_KEY', key_name: name, algorithm }
}

export function bindDeps(bind: Bind, more: Partial<Deps> = {}): TestDeps {
  return {
    ...testDeps({ secrets: { 'env:DNS_TSIG_KEY': bind.key.secret, 'env:WRONG': wrongSecret } }),
    ...more,
  }
}

export async function bindBench(algorithm: 'hmac-sha256' | 'hmac-sha512'): Promise<ChangingBench> {
  const bind = await startBind({ ...START, algorithm })
  const config = bindConfig(bind)
  return {
    provider: rfc2136 as unknown as Provider,
    config,
    deps: bindDeps(bind),
    target: TARGET,
    values: VALUES,
    neighbours: () => neighbours(bind.dns),
    stranger: (value) => dynamicUpdate(bind, TARGET, value as RRset),
    outage: () => freeze(bind.server.pid),
    wrongCredentials: { config: { ...config, key: 'env:WRONG' } },
    secrets: [bind.key.secret, wrongSecret],
    end: () => bind.server.close(),
  }
}

export function powerdnsConfig(pdns: Powerdns): JsonObject {
  return { url: pdns.apiUrl, api_key: 'env:PDNS_API_KEY', zone: pdns.zone, servers: [hostPort(pdns.dns)] }
}

export function powerdnsDeps(pdns: Powerdns): TestDeps {
  return testDeps({ secrets: { 'env:PDNS_API_KEY': pdns.apiKey, 'env:WRONG': 'not-the-api-key' } })
}

export async function powerdnsBench(): Promise<ChangingBench> {
  const pdns = await startPowerdns(START)
  const config = powerdnsConfig(pdns)
  return {
    provider: powerdns as unknown as Provider,
    config,
    deps: powerdnsDeps(pdns),
    target: TARGET,
    values: VALUES,
    neighbours: () => neighbours(pdns.dns),
    stranger: (value) => apiPatch(pdns, TARGET, value as RRset),
    outage: () => freeze(pdns.server.pid),
    wrongCredentials: { config: { ...config, api_key: 'env:WRONG' } },
    secrets: [pdns.apiKey, 'not-the-api-key'],
    end: () => pdns.server.close(),
  }
}

/** Another client with the same key replaces a record set, whatever it holds. */
export async function dynamicUpdate(bind: Bind, target: string, desired: RRset): Promise<void> {
  const [name, type] = target.split(' ') as [string, PlainType]
  const server = hostPort(bind.dns)
  const seen = rrsetOf(await ask({ server, name, type, recursive: false }, soon()), { name, type })
  const key = { ...bind.key, secret: Buffer.from(bind.key.secret, 'base64') }
  const call = { server, key, nowSeconds: Math.floor(Date.now() / 1_000), signal: soon().signal }
  const types = type === 'CNAME' ? (['A', 'AAAA', 'CNAME'] as const) : [type]
  const sets = { seen: partsOf(type, seen), desired: partsOf(type, desired) }
  const reply = await update({ zone: bind.zone, name, types, ...sets }, call)
  if (!reply.genuine || reply.rcode !== 0) throw new Error(`update of ${target}: rcode ${reply.rcode}`)
}

/** Somebody at PowerDNS' API replaces a record set; `records` and `comments` in their words, where values do not say enough. */
export async function apiPatch(
  pdns: Powerdns,
  target: string,
  desired: RRset & { records?: JsonObject[]; comments?: JsonObject[] },
): Promise<void> {
  const { ttl, values, ...more } = desired
  const [name, type] = target.split(' ')
  const records = values.map((content) => ({ content, disabled: false }))
  const reply = await fetch(`${pdns.apiUrl}/api/v1/servers/localhost/zones/${pdns.zone}`, {
    method: 'PATCH',
    headers: { 'x-api-key': pdns.apiKey },
    body: JSON.stringify({
      rrsets: [{ name, type, ttl, changetype: 'REPLACE', records, ...more }],
    }),
  })
  if (!reply.ok) throw new Error(`patch of ${target}: ${reply.status} ${await reply.text()}`)
  // The packet cache would go on showing the former answer.
  await fetch(`${pdns.apiUrl}/api/v1/servers/localhost/cache/flush?domain=${name}`, {
    method: 'PUT',
    headers: { 'x-api-key': pdns.apiKey },
  })
}

async function neighbours(dns: { host: string; port: number }): Promise<Json> {
  const questions = [
    ['api.example.test', 'TXT'],
    ['www.example.test', 'A'],
    ['mail.example.test', 'A'],
    ['shop.example.test', 'CNAME'],
    ['example.test', 'MX'],
    ['example.test', 'NS'],
  ] as const
  const answers = await Promise.all(questions.map(([name, type]) => askDns(dns, name, type)))
  return answers.map(({ records }) => records.map((record) => JSON.stringify(record)).sort())
}
