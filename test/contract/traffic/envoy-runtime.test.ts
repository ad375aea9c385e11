// traffic/envoy: values of the runtime are in force whatever the route file says. A look tells them, nothing is proven under them, and
// no way back is over while they hold something else.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restoreTo } from '../../../activities/change/restore.ts'
import { applyTo } from '../../../activities/change/look.ts'
import { kindOf } from '../../../activities/failure.ts'
import { envoy } from '../../../activities/traffic/envoy/index.ts'
import { type Envoy, startEnvoy } from '../../../lab/servers/envoy.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type Upstream, sendLoad, startUpstream } from './upstream.ts'

const START = { old: 100, new: 0 }
const CANARY = { old: 95, new: 5 }
const PREFIX = 'routing.orders'
const MIRROR_KEY = 'mirror.orders'

type Routes = { resources: { virtual_hosts: { routes: { route: JsonObject }[] }[] }[] }

let upstreams: Upstream[]
let edge: Envoy
let port: Changing

beforeAll(async () => {
  upstreams = await Promise.all(['old', 'new'].map(startUpstream))
  const [old = 0, fresh = 0] = upstreams.map((upstream) => upstream.port)
  edge = await startEnvoy({ old, new: fresh })
  const routes = JSON.parse(readFileSync(edge.routesFile, 'utf8')) as Routes & { version_info: string }
  const { route } = routes.resources[0]!.virtual_hosts[0]!.routes[1]!
  ;(route['weighted_clusters'] as JsonObject)['runtime_key_prefix'] = PREFIX
  const runtime_fraction = { runtime_key: MIRROR_KEY, default_value: { numerator: 20 } }
  route['request_mirror_policies'] = [{ cluster: 'shadow', runtime_fraction }]
  routes.version_info = 'with-keys'
  const temporary = `${dirname(edge.routesFile)}.keys`
  writeFileSync(temporary, JSON.stringify(routes))
  renameSync(temporary, edge.routesFile)
  const sides = { old: 'v1', new: 'v2', shadow: 'shadow' }
  const config = { routes: edge.routesFile, admin: edge.adminUrl, route: 'orders', ...sides }
  port = connect(envoy as unknown as ChangingBench['provider'], config, testDeps())
  await until('Envoy serves it', async () => {
    const { facts } = await port.observe('split', io())
    return facts?.['serves'] === 'version with-keys'
  })
})
afterAll(async () => {
  await edge?.server.close()
  await Promise.all(upstreams.map((upstream) => upstream.end()))
})

/** As a person does by hand; an empty value takes the override away. */
async function set(values: Record<string, string>): Promise<void> {
  const response = await fetch(`${edge.adminUrl}/runtime_modify?${new URLSearchParams(values).toString()}`, {
    method: 'POST',
  })
  expect(await response.text()).toBe('OK\n')
}
const none = { [`${PREFIX}.v1`]: '', [`${PREFIX}.v2`]: '', [MIRROR_KEY]: '' }

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )

const back = (target: string, before: Json, canary: Json) => ({
  target,
  before,
  ours: [before, canary],
  halves: [],
  isUncertain: false,
  isRepeated: false,
  portName: 'traffic' as const,
})

describe('traffic/envoy under values of the runtime', () => {
  it('does not say that users are back while an override goes on sending them to the new side', async () => {
    await applyTo(port, { target: 'split', desired: CANARY, expected: START }, io())
    await set({ [`${PREFIX}.v1`]: '50', [`${PREFIX}.v2`]: '50' })
    const { sides } = await sendLoad({ url: edge.url, requests: 200, perSecond: 400 })
    expect(sides['new'], 'the override is in force').toBeGreaterThan(50)
    const words = `runtime of Envoy (${PREFIX}.v1 50, ${PREFIX}.v2 50), which is in force, holds {"old":50,"new":50}`
    const seen = await port.observe('split', io())
    expect(seen).toMatchObject({ value: CANARY, elsewhere: [{ value: { old: 50, new: 50 } }] })
    const proof = await port.confirm!({ target: 'split', desired: CANARY, options: {} }, io())
    expect(proof).toMatchObject({ settled: false, lines: [words, expect.any(String)] })
    const refusal = await failureOf(restoreTo(port, back('split', START, CANARY), io()))
    expect(refusal).toMatch(/^Conflict: /)
    expect(refusal).toContain(words)
    await set(none)
    expect(await restoreTo(port, back('split', START, CANARY), io())).toMatchObject({ written: 'written' })
    expect((await port.observe('split', io())).elsewhere).toBe(undefined)
  })

  it('tells a write that changes nothing because of an override, and one that says the same as the file', async () => {
    await set({ [`${PREFIX}.v1`]: '100', [`${PREFIX}.v2`]: '0' })
    expect((await port.observe('split', io())).elsewhere).toBe(undefined)
    const applied = await applyTo(port, { target: 'split', desired: CANARY, expected: START }, io())
    expect(applied).toMatchObject({ readBack: 'differs', observed: { value: CANARY } })
    expect(await restoreTo(port, back('split', START, CANARY), io())).toMatchObject({ written: 'written' })
    await set(none)
  })

  it('tells the same of a mirror', async () => {
    expect(await port.observe('mirror', io())).toMatchObject({ value: { percent: 20 } })
    await set({ [MIRROR_KEY]: '70' })
    expect((await port.observe('mirror', io())).elsewhere).toEqual([
      { place: `runtime of Envoy (${MIRROR_KEY} 70), which is in force,`, value: { percent: 70 } },
    ])
    await set(none)
    expect((await port.observe('mirror', io())).elsewhere).toBe(undefined)
  })
})
