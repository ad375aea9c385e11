// traffic/traefik-crd on a real API server and a real Traefik that reads it, under an account that may do no more than its rules say:
// the contract for both of its targets, counted requests under load, and what takes a whole service down.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { traefikCrd } from '../../../activities/traffic/traefik-crd/index.ts'
import { put } from '../../../lab/servers/istio.ts'
import { externalService } from '../../../lab/servers/traefik-crd.ts'
import { until } from '../../../lab/until.ts'
import { type ChangingBench, changingContract, connect, io } from '../../contract/changing.ts'
import { asker } from '../../contract/traffic/cohort.ts'
import { sendLoad } from '../../contract/traffic/upstream.ts'
import { thereAndBack } from './there-and-back.ts'
import {
  type TraefikGround,
  configOf,
  edit,
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
})
