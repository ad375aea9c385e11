// Seeds of the chaos harness: the same scenario each time, and between them every kind of fault and step.
import { describe, expect, it } from 'vitest'
import { checkRunbook } from '../../../client/runbook/load.ts'
import type { Addresses } from '../../../lab/addresses.ts'
import { CONSTRUCTED } from '../../chaos/constructed.ts'
import { scenarioOf } from '../../chaos/generate.ts'
import { runbookOf } from '../../chaos/runbook.ts'
import { describeAct, momentOf } from '../../chaos/scenario.ts'

const HUNDRED = Array.from({ length: 100 }, (_, index) => scenarioOf(index + 1))
const dns = { host: '127.0.0.1', port: 5353 }
const ADDRESSES = {
  haproxy: {
    socket: '127.0.0.1:9999',
    cohortMap: '/etc/haproxy/cohort.map',
    backend: 'orders',
    servers: { old: 'v1', new: 'v2' },
    url: 'http://127.0.0.1:80',
    entries: { old: '127.0.0.11', new: '127.0.0.12', port: 80 },
  },
  envoy: {
    url: 'http://127.0.0.1:81',
    routesFile: '/etc/envoy/rds/app.json',
    adminUrl: 'http://127.0.0.1:9901',
    clusters: { old: 'v1', new: 'v2', shadow: 'shadow' },
  },
  nginx: {
    url: 'http://127.0.0.1:82',
    splitFile: '/etc/nginx/cutover/orders.conf',
    variable: '$orders_pool',
    shadowVariable: '$orders_shadow',
    upstreams: { old: 'v1', new: 'v2', shadow: 'shadow' },
    controlUrl: 'http://127.0.0.1:8181/cutover/orders',
    commands: { check: ['nginx-check'], reload: ['nginx-reload'] },
    log: '/var/log/nginx/orders.log',
  },
  traefik: {
    dynamicFile: '/etc/traefik/dynamic/app.yml',
    apiUrl: 'http://127.0.0.1:8080',
    service: 'app',
    mirroring: 'mirrored',
    services: { old: 'v1', new: 'v2', shadow: 'shadow' },
  },
  caddy: {
    adminUrl: 'http://127.0.0.1:2019',
    handler: '/id/orders',
    upstreams: { old: ['127.0.0.1:1'], new: ['127.0.0.1:2'] },
    log: '/var/log/caddy/orders.log',
  },
  bind: { dns, zone: 'example.test.', key: { name: 'key.', algorithm: 'hmac-sha256', secret: '' } },
  powerdns: { dns, zone: 'example.test.', apiUrl: 'http://127.0.0.1:8081', apiKey: '' },
  prometheus: { url: 'http://127.0.0.1:9090' },
  resolverOfBind: { dns },
  resolverOfPowerdns: { dns },
  commands: { folder: '/commands', observe: 'fleet-observe', apply: 'fleet-apply' },
} as Partial<Addresses> as Addresses

describe('a seed', () => {
  it('gives the same scenario each time, and another than its neighbours', () => {
    expect(scenarioOf(17)).toEqual(scenarioOf(17))
    expect(new Set(HUNDRED.map((each) => JSON.stringify({ ...each, name: '', seed: 0 }))).size).toBe(100)
  })

  it('meets, among a hundred, every kind of fault and every order of steps', () => {
    const kinds = new Set(HUNDRED.flatMap(({ acts }) => acts.map(({ what }) => what.kind)))
    expect([...kinds].sort()).toEqual(
      [
        'abort',
        'deploy',
        'errors',
        'foreign',
        'kill',
        'neighbour',
        'reset',
        'stop',
        'toxic',
        'unready',
      ].sort(),
    )
    expect(new Set(HUNDRED.map(({ shape }) => JSON.stringify(shape.steps))).size).toBeGreaterThan(9)
  })

  it('leads cohorts on every edge that can', () => {
    const led = HUNDRED.filter(({ shape }) => shape.steps.some(({ kind }) => kind === 'cohort'))
    expect([...new Set(led.map(({ shape }) => shape.edge))].sort()).toEqual(['envoy', 'haproxy', 'nginx'])
  })

  it('gives a runbook that validates, as do the scenarios made by hand', async () => {
    for (const { name, shape } of [...HUNDRED, ...CONSTRUCTED]) {
      const text = runbookOf(shape, 'chaos', ADDRESSES)
      const { problems } = await checkRunbook(text, { file: `${name}.yaml` })
      expect(problems, `${name}\n${text}`).toBeUndefined()
    }
  })
})

describe('a moment', () => {
  it('is read as it is printed', () => {
    const when = momentOf('apply#2 ended+300ms')
    expect(when).toEqual({ call: 'apply', nth: 2, on: 'ended', plusMs: 300 })
    expect(describeAct({ when, what: { kind: 'deploy' } })).toBe('deploy @ apply#2 ended+300ms')
    expect(() => momentOf('apply the second')).toThrow(/not a moment/)
  })
})
