// Every provider that speaks HTTP reaches a private server by the same fields; and a real Prometheus behind a front that
// lets in known clients only.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connector } from '../../../activities/connect.ts'
import { specs } from '../../../activities/specs.ts'
import { startPrometheus } from '../../../lab/servers/prometheus.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { PortName } from '../../../workflows/ports/index.ts'
import { startTlsFront } from '../../tls-front.ts'
import { io } from '../changing.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { type Stage, contentOf, createStage, depsWith, planned } from './stage.ts'

let stage: Stage
let server: HttpServer

beforeAll(async () => {
  stage = await createStage()
  const ca = readFileSync(stage.own.ca, 'utf8')
  server = await startHttpServer(() => ({ status: 418, body: 'whatever' }), {
    ...contentOf(stage.server),
    ca,
  })
})
afterAll(async () => {
  await server?.end()
  stage?.folder.remove()
})

const env = { KEY: 'apikey-1f' }
const open = <P extends PortName>(provider: `${P}/${string}`, port: P, config: JsonObject) =>
  connector(depsWith(env)).portOf(planned(provider, port, config), port)
const privately = () => ({ tls: { ca: stage.own.ca, ...stage.worker } })

/** A look of each provider, whatever comes back. */
const requests: Record<string, (url: string) => Promise<unknown>> = {
  'metrics/prometheus': (url) =>
    open('metrics/prometheus', 'metrics', { url, ...privately() }).query('up', io()),
  'metrics/http-json': (url) =>
    open('metrics/http-json', 'metrics', { url, ...privately() }).query('/x y', io()),
  'dns/powerdns': (url) =>
    open('dns/powerdns', 'dns', { url, api_key: 'env:KEY', zone: 'example.test.', ...privately() }).observe(
      'api.example.test. A',
      io(),
    ),
  'traffic/envoy': (url) =>
    open('traffic/envoy', 'traffic', {
      admin: url,
      routes: '/r/app.json',
      old: 'a',
      new: 'b',
      ...privately(),
    }).observe('split', io()),
  'traffic/nginx': (url) => {
    const file = join(stage.folder.path, 'split.conf') // what a key falls into is in it
    writeFileSync(file, 'split_clients "$key" $pool { * a; }')
    const commands = { check: ['check'], reload: ['reload'], log: '/r/orders.log' }
    return open('traffic/nginx', 'traffic', {
      control: url,
      file,
      variable: '$pool',
      old: 'a',
      new: 'b',
      ...commands,
      ...privately(),
    }).observe('split', io())
  },
  'traffic/traefik': (url) =>
    open('traffic/traefik', 'traffic', {
      api: url,
      file: '/r/app.yml',
      service: 'app',
      old: 'a',
      new: 'b',
      ...privately(),
    }).observe('split', io()),
  'traffic/caddy': (url) =>
    open('traffic/caddy', 'traffic', {
      admin: url,
      handler: '/id/orders',
      old: 'a:1',
      new: 'b:1',
      log: '/r/orders.log',
      ...privately(),
    }).observe('split', io()),
  'traffic/gateway-api': (url) =>
    open('traffic/gateway-api', 'traffic', {
      server: url,
      namespace: 'shop',
      route: 'orders',
      old: 'a',
      new: 'b',
      counts: { from: { url }, old: 'a', new: 'b' },
      ...privately(),
    }).observe('split', io()),
  'traffic/istio': (url) =>
    open('traffic/istio', 'traffic', {
      server: url,
      namespace: 'shop',
      virtual_service: 'orders',
      old: { host: 'a' },
      new: { host: 'b' },
      counts: { from: { url }, old: 'a', new: 'b' },
      ...privately(),
    }).observe('split', io()),
  'traffic/argo-rollouts': (url) =>
    open('traffic/argo-rollouts', 'traffic', {
      server: url,
      namespace: 'shop',
      rollout: 'orders',
      new: { image: 'orders:2' },
      counts: { from: { url }, old: 'a', new: 'b' },
      ...privately(),
    }).observe('split', io()),
  'traffic/flagger': (url) =>
    open('traffic/flagger', 'traffic', {
      server: url,
      namespace: 'shop',
      canary: 'orders',
      gates: url,
      counts: { from: { url }, old: 'a', new: 'b' },
      ...privately(),
    }).observe('split', io()),
  'traffic/traefik-crd': (url) =>
    open('traffic/traefik-crd', 'traffic', {
      server: url,
      namespace: 'shop',
      service: 'orders',
      old: 'a',
      new: 'b',
      counts: { from: { url }, old: 'a', new: 'b' },
      ...privately(),
    }).observe('split', io()),
  'preflight/kubernetes': (url) =>
    open('preflight/kubernetes', 'preflight', {
      server: url,
      namespace: 'shop',
      workload: 'deployment/orders',
      ...privately(),
    }).examine({ instances: null, factor: null, drainMs: 0 }, io()),
  'reconciler/argo-cd': (url) =>
    open('reconciler/argo-cd', 'reconciler', {
      server: url,
      namespace: 'argocd',
      application: 'orders',
      ...privately(),
    }).observe('reconciling', io()),
  'reconciler/flux': (url) =>
    open('reconciler/flux', 'reconciler', {
      server: url,
      namespace: 'flux-system',
      kustomization: 'orders',
      ...privately(),
    }).observe('reconciling', io()),
  'capacity/kubernetes': (url) =>
    open('capacity/kubernetes', 'capacity', {
      server: url,
      namespace: 'shop',
      new: 'deployment/orders',
      ...privately(),
    }).observe('new', io()),
  'notify/webhook': (url) => open('notify/webhook', 'notify', { url, ...privately() }).reach(io()),
  'probe/http': (url) =>
    open('probe/http', 'probe', { url, ...privately() }).probe(
      { name: 'ready', method: 'GET', path: '/', expect: { status: 418 }, deep: false },
      io(),
    ),
}

describe('a private server', () => {
  it('is reached by every provider that takes these fields', async () => {
    const taking = specs
      .filter(({ config }) => config instanceof z.ZodObject && 'tls' in config.shape)
      .map(({ id }) => id)
    expect(taking.toSorted()).toEqual(Object.keys(requests).toSorted())
    for (const [provider, request] of Object.entries(requests)) {
      const before = server.received.length
      await request(server.url).catch(() => {}) // what it makes of the answer is tried elsewhere
      const shown = server.received.slice(before).map((each) => each.shown)
      expect([...new Set(shown)], provider).toEqual(['worker'])
    }
  })

  it('may be a Prometheus behind a front that asks for certificates', async () => {
    const prometheus = await startPrometheus({ scrape: [] })
    const front = await startTlsFront({
      certificate: stage.server,
      ca: stage.own.ca,
      to: new URL(prometheus.url).host,
      alpn: 'http/1.1',
    })
    const url = `https://${front.address}`
    const query = (config: JsonObject) =>
      open('metrics/prometheus', 'metrics', { url, ...config }).query('vector(42)', io())
    expect(await query(privately())).toMatchObject({ kind: 'value', value: 42 })
    await expect(query({ tls: { ca: stage.own.ca } })).rejects.toMatchObject({
      type: 'Config',
      message: `query Prometheus at ${url}: the server wants a client certificate (it says: certificate required): name it in tls.cert and tls.key`,
    })
    await expect(query({})).rejects.toMatchObject({ type: 'Config' })
    await front.server.close()
    await prometheus.server.close()
  })

  it('is described without a contradiction, or the runbook is refused', () => {
    const problems = (id: string, config: JsonObject): string[] =>
      specs
        .find((spec) => spec.id === id)
        ?.config.safeParse(config)
        .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
    const url = 'https://prom.internal'
    expect(problems('metrics/prometheus', { url, tls: { cert: '/c.pem' } })).toEqual([
      'tls: cert and key belong together: name both or neither',
    ])
    expect(problems('metrics/prometheus', { url: 'http://prom', tls: { ca: '/ca.pem' } })).toEqual([
      'tls: url is an http:// address, where no certificate is shown: write https://',
    ])
    expect(
      problems('traffic/envoy', { admin: 'http://e', routes: '/r.json', old: 'a', new: 'b', tls: {} }),
    ).toEqual(['tls: admin is an http:// address, where no certificate is shown: write https://'])
    expect(
      problems('metrics/prometheus', {
        url,
        tls: { ca: 'ca.pem', key: '-----BEGIN', server_name: '10.0.0.1' },
      }),
    ).toEqual([
      'tls.ca: not a file of the worker: write its absolute path',
      'tls.key: not where a key is: write an absolute path, env:NAME or file:/path, never the key itself',
      'tls.server_name: not a host name',
    ])
    expect(problems('probe/http', { url, proxy: 'http://ana:pw@proxy:3128', proxy_auth: 'ana:pw' })).toEqual([
      'proxy: not a base address: write http(s)://host[:port][/path] without user, password, query or fragment',
      'proxy_auth: not a reference to a secret: write env:NAME or file:/path, never the secret itself',
    ])
    expect(problems('notify/webhook', { url: 'env:HOOK', proxy_auth: 'env:P' })).toEqual([
      'proxy_auth: there is no proxy: name it in proxy, or leave this out',
    ])
  })
})
