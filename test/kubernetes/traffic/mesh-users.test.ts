// Users in a mesh of Istio: whom a hash keeps on a side (nobody), and a route whose parent is a Service, which moves what clients in
// the mesh send, through the proxy beside one of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GatewayApiConfig, rulesOf } from '../../../activities/traffic/gateway-api/schema.ts'
import { freePorts } from '../../../lab/ports.ts'
import type { ServerHandle } from '../../../lab/server-process.ts'
import { put } from '../../../lab/servers/istio.ts'
import { until } from '../../../lab/until.ts'
import { connect, io } from '../../contract/changing.ts'
import { asker } from '../../contract/traffic/cohort.ts'
import { NAMESPACE } from '../ground.ts'
import * as gateway from './gateway-bench.ts'
import {
  type MeshGround,
  configOf,
  provider,
  putService,
  putVirtualService,
  ref,
  startMesh,
} from './istio-bench.ts'

const ASKED = 60 // at 50/50 all of them are on one side once in 10^17 times
const PATIENCE_MS = 15_000 // a busy machine; a hang must still end

let ground: MeshGround
const servers: ServerHandle[] = []
beforeAll(async () => void (ground = await startMesh()))
afterAll(async () => {
  for (const server of servers) await server.close()
  await ground?.end()
})

describe('users in a mesh', () => {
  it('consistentHash of a DestinationRule keeps no user on a side', async () => {
    for (const host of ['v1', 'v2'])
      await put(ground.kubernetes, {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: `hash-${host}`, namespace: NAMESPACE },
        spec: {
          host,
          trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } },
        },
      })
    await putVirtualService(ground, {
      name: 'hashed',
      http: [{ name: 'main', route: [ref('v1', 50), ref('v2', 50)] }],
    })
    const port = connect(provider, configOf(ground, 'hashed'), ground.deps())
    await until('the proxy serves it', async () =>
      /serves [1-9]/.test(String((await port.observe('split', io())).facts?.['proxies'])),
    )
    const dump = await fetch(`${ground.mesh.adminUrl}/config_dump?resource=dynamic_route_configs`)
    expect(await dump.text(), 'the hash is in the routes').toContain('hash_policy')
    const ask = asker(ground.mesh.edgeUrl, { host: 'hashed.example', header: 'x-user' })
    const sides = await Promise.all(Array.from({ length: ASKED }, () => ask('ana')))
    expect([...new Set(sides)].sort()).toEqual(['new', 'old'])
    const { cautions } = provider.spec.supports as { cautions: string[] }
    expect(cautions.join('\n')).toMatch(/drawn anew.*consistentHash.*on no side/)
  })

  it('a route whose parent is a Service moves what clients of the mesh send, and back', async () => {
    const { kubernetes, mesh, upstreams } = ground
    const [own = 0] = await freePorts(1)
    const host = `orders.${NAMESPACE}.svc.cluster.local`
    // A Sidecar with a port has the Services of that port only.
    for (const [name, upstream] of Object.entries({
      orders: upstreams.v1,
      'orders-v1': upstreams.v1,
      'orders-v2': upstreams.v2,
    }))
      await putService(ground, { name, port: upstream.port, servicePort: own })
    await put(kubernetes, {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: 'client', namespace: NAMESPACE },
      spec: {
        workloadSelector: { labels: { app: 'client' } },
        egress: [
          {
            port: { number: own, protocol: 'HTTP', name: 'http' },
            bind: '127.0.0.1',
            captureMode: 'NONE',
            hosts: ['./*'],
          },
        ],
      },
    })
    const path = gateway.pathOf('inside')
    await kubernetes.create(path.slice(0, path.lastIndexOf('/')), {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'inside' },
      spec: {
        parentRefs: [{ group: '', kind: 'Service', name: 'orders', port: own }],
        rules: [{ backendRefs: [gateway.ref('orders-v1', 100, own), gateway.ref('orders-v2', 0, own)] }],
      },
    })
    servers.push((await mesh.startClient()).server)
    const config = gateway.configOf('inside', { old: 'orders-v1', new: 'orders-v2' })
    await ground.allow(rulesOf(GatewayApiConfig.parse(config), { changed: ['split'], looked: [] }))
    const port = connect(gateway.provider, config, ground.deps())
    const ask = asker(`http://127.0.0.1:${own}`, { host: `${host}:${own}`, header: 'x-user' })
    const sides = async () => [...new Set(await Promise.all(Array.from({ length: 20 }, () => ask(null))))]
    const served = (side: string) =>
      expect.poll(sides, { timeout: PATIENCE_MS, interval: 50 }).toEqual([side])
    await served('old')
    const seen = await port.observe('split', io(), [])
    expect(seen).toMatchObject({
      value: { old: 100, new: 0 },
      facts: { read: 'Service orders: generation 1' },
    })
    expect(seen.cautions ?? []).toEqual([])
    await port.write({ target: 'split', desired: { old: 0, new: 100 }, seen }, io())
    await served('new')
    await port.write(
      { target: 'split', desired: { old: 100, new: 0 }, seen: await port.observe('split', io()) },
      io(),
    )
    await served('old')
  })
})
