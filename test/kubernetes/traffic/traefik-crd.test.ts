// traffic/traefik-crd on a real API server and a real Traefik that reads it, under an account that may do no more than its rules say:
// the contract for both of its targets, counted requests under load, and what takes a whole service down.
import { get } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { traefikCrd } from '../../../activities/traffic/traefik-crd/index.ts'
import { put } from '../../../lab/servers/istio.ts'
import { externalService } from '../../../lab/servers/traefik-crd.ts'
import { until } from '../../../lab/until.ts'
import type { Json } from '../../../workflows/json.ts'
import { type ChangingBench, changingContract, connect, io } from '../../contract/changing.ts'
import { asker } from '../../contract/traffic/cohort.ts'
import { sendLoad } from '../../contract/traffic/upstream.ts'
import { thereAndBack } from './there-and-back.ts'
import {
  type TraefikGround,
  configOf,
  edit,
  pathOf,
  provider,
  putService,
  serviceBench,
  startTraefikGround,
} from './traefik-crd-bench.ts'

const grounds: Promise<TraefikGround>[] = []
let started: Promise<TraefikGround> | undefined
const ground = (): Promise<TraefikGround> => {
  if (started === undefined) grounds.push((started = startTraefikGround()))
  return started
}
afterAll(async () => {
  for (const each of grounds) await (await each).end()
})

changingContract(
  traefikCrd.spec.id,
  async (): Promise<ChangingBench> => ({
    ...(await serviceBench(await ground(), { name: 'split', target: 'split' })),
    values: [
      { old: 99.95, new: 0.05 },
      { old: 0, new: 100 },
    ],
    stranger: async (value) => {
      const { old, new: fresh } = value as { old: number; new: number }
      await edit(await ground(), { name: 'split', target: 'split' }, ({ spec }) => {
        spec.weighted!.services[0]!.weight = Math.round(old * 100)
        spec.weighted!.services[1]!.weight = Math.round(fresh * 100)
      })
    },
  }),
  ['missing target'],
)

changingContract(
  `${traefikCrd.spec.id} mirror`,
  async (): Promise<ChangingBench> => ({
    ...(await serviceBench(await ground(), { name: 'copies', target: 'mirror' })),
    values: [{ percent: 20 }, { percent: 3 }],
    stranger: async (value) => {
      await edit(await ground(), { name: 'copies', target: 'mirror' }, ({ spec }) => {
        spec.mirroring!.mirrors[0]!.percent = (value as { percent: number }).percent
      })
    },
  }),
  ['missing target'],
)

describe('traffic/traefik-crd, with counted requests', () => {
  beforeAll(async () => putService(await ground(), 'orders'))

  it('leads users there, back and there again under load, and none of their requests fails', async () => {
    const on = await ground()
    const port = connect(provider, configOf(on, 'orders'), on.deps())
    const { url } = on.traefik
    await until(
      'users are served',
      async () => (await sendLoad({ url, requests: 5, perSecond: 100 })).failed.length === 0,
    )
    await thereAndBack(port, url)
  }, 180_000)

  it('a mirror is proven by its copies', async () => {
    const on = await ground()
    const port = connect(provider, configOf(on, 'orders'), on.deps())
    const seen = await port.observe('mirror', io())
    await port.write({ target: 'mirror', desired: { percent: 20 }, seen }, io())
    const request = { target: 'mirror', desired: { percent: 20 }, options: { samples: 200, tolerance: 5 } }
    await until('it is taken up', async () => (await port.observe('mirror', io())).elsewhere === undefined)
    const { memory } = await port.confirm!(request, io())
    await sendLoad({ url: on.traefik.url, requests: 400, perSecond: 400 })
    await until(
      'the copies are counted',
      async () => (await port.confirm!({ ...request, memory: memory! }, io())).settled,
    )
  })

  it('a side without a Service takes all of it down in Traefik: told, and no share is set on the way there', async () => {
    const on = await ground()
    await putService(on, 'broken')
    const port = connect(provider, configOf(on, 'broken'), on.deps())
    const before = await port.observe('split', io())
    const ask = asker(on.traefik.url, { host: 'broken.example', header: 'x-user' })
    await until('users are served', async () => (await ask(null)) === 'old')
    await on.kubernetes.remove('/api/v1/namespaces/shop/services/v2')
    try {
      await until('Traefik has dropped it', async () =>
        /serves nothing/.test(String((await port.observe('split', io())).facts?.['traefiks'])),
      )
      expect(await ask(null), 'every user, though the side has no share').toBe('status 404')
      const seen = await port.observe('split', io())
      expect(seen.cautions?.join('\n')).toMatch(
        /is missing or has no endpoint, and its users are answered 404/,
      )
      const error = await port
        .write({ target: 'split', desired: { old: 50, new: 50 }, seen }, io())
        .catch((caught: unknown) => caught)
      expect(kindOf(error)).toBe('Unavailable')
      const back = { target: 'split', desired: before.value, before: before.value, seen }
      await port.write(back, io()) // the way back never waits for it
    } finally {
      const { port: of } = on.upstreams.v2
      await put(on.kubernetes, externalService({ namespace: 'shop', name: 'v2', port: of }))
    }
    await until(
      'Traefik serves it again',
      async () => (await port.observe('split', io())).cautions === undefined,
    )
  })

  it('a Traefik that names services safely is read as well', async () => {
    const other = startTraefikGround({ hasSafeNames: true })
    grounds.push(other)
    const on = await other
    await putService(on, 'orders')
    const port = connect(provider, configOf(on, 'orders'), on.deps())
    const seen = await port.observe('split', io())
    expect(seen).toMatchObject({ value: { old: 100, new: 0 } })
    await port.write({ target: 'split', desired: { old: 0, new: 100 }, seen }, io())
    await until('users are moved', async () => {
      const { sides } = await sendLoad({ url: on.traefik.url, requests: 20, perSecond: 400 })
      return sides['new'] === 20
    })
    const request = { target: 'split', desired: { old: 0, new: 100 }, options: { samples: 20, tolerance: 5 } }
    const { memory } = await port.confirm!(request, io())
    await sendLoad({ url: on.traefik.url, requests: 40, perSecond: 400 })
    expect(await port.confirm!({ ...request, memory: memory! }, io())).toMatchObject({ settled: true })
  })

  it('of TraefikServices, and sticky: counted where requests end; a side that is at 0 again keeps nobody', async () => {
    const on = await ground()
    await nest(on)
    const {
      mirroring: _,
      shadow: _shadow,
      ...config
    } = configOf(on, 'nested', { old: 'nest-v1', new: 'nest-v2' })
    const port = connect(provider, config, on.deps())
    const set = async (desired: Json) => {
      const seen = await port.observe('split', io())
      await port.write({ target: 'split', desired, seen }, io())
      await until(
        'Traefik serves it',
        async () => (await port.observe('split', io())).elsewhere === undefined,
      )
    }
    const ask = (cookie = ''): Promise<{ side: unknown; cookie: string }> =>
      new Promise((resolve, reject) => {
        get(on.traefik.url, { headers: { host: 'nested.example', cookie } }, (answer) => {
          answer.resume()
          const [given = ''] = answer.headers['set-cookie'] ?? []
          resolve({ side: answer.headers['x-side'], cookie: given.split(';')[0] ?? '' })
        }).on('error', reject)
      })
    await until('users are served by it', async () => (await ask()).cookie.startsWith('side='))
    expect((await port.observe('split', io())).cautions?.join()).toMatch(
      /^it is sticky: .* while it has any weight/,
    )
    await set({ old: 50, new: 50 })
    const request = {
      target: 'split',
      desired: { old: 50, new: 50 },
      options: { samples: 40, tolerance: 10 },
    }
    const memory = await until('counting has begun', async () => (await port.confirm!(request, io())).memory)
    const users = []
    for (let count = 0; count < 60; count++) users.push(await ask())
    await until(
      'it is proven by strangers',
      async () => (await port.confirm!({ ...request, memory }, io())).settled,
    )
    const known = users.find(({ side }) => side === 'new')?.cookie
    expect([(await ask(known)).side, (await ask(known)).side], 'known users stay').toEqual(['new', 'new'])
    await set({ old: 100, new: 0 })
    await until('its cookie is not known any more', async () => (await ask(known)).side === 'old')
  })
})

/** A sticky TraefikService of two that have one Service each. */
async function nest({ kubernetes, upstreams, allow }: TraefikGround): Promise<void> {
  const services = pathOf('x').slice(0, -'/x'.length)
  const putObject = (kind: string, name: string, spec: object) =>
    kubernetes.create(
      kind === 'IngressRoute' ? services.replace('traefikservices', 'ingressroutes') : services,
      {
        apiVersion: 'traefik.io/v1alpha1',
        kind,
        metadata: { name },
        spec,
      },
    )
  for (const side of ['v1', 'v2'] as const) {
    const entry = { name: side, port: upstreams[side].port, weight: 1 }
    await putObject('TraefikService', `nest-${side}`, { weighted: { services: [entry] } })
  }
  const entry = (side: string, weight: number) => ({ name: `nest-${side}`, kind: 'TraefikService', weight })
  await putObject('TraefikService', 'nested', {
    weighted: { sticky: { cookie: { name: 'side' } }, services: [entry('v1', 100), entry('v2', 0)] },
  })
  await putObject('IngressRoute', 'nested', {
    entryPoints: ['web'],
    routes: [
      {
        kind: 'Rule',
        match: 'Host(`nested.example`)',
        priority: 1_000,
        services: [{ name: 'nested', kind: 'TraefikService' }],
      },
    ],
  })
  const verbs = ['get', 'patch']
  const rule = { cluster: 'lab', namespace: 'shop', group: 'traefik.io', resource: 'traefikservices' }
  await allow([{ ...rule, verbs, names: ['nested'] }])
}
