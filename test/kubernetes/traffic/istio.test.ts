// traffic/istio on a real istiod and a real Envoy, under an account that may do no more than its rules say: the contract of changing
// ports for both of its targets, an istiod that stands still, and what is in flight.
import { afterAll } from 'vitest'
import { istio } from '../../../activities/traffic/istio/index.ts'
import { until } from '../../../lab/until.ts'
import type { TrafficPort } from '../../../workflows/ports/traffic.ts'
import { changingContract, connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { lyingContract } from '../../contract/lies.ts'
import { inFlightContract } from '../../contract/traffic/in-flight.ts'
import {
  type MeshGround,
  configOf,
  edit,
  pathOf,
  provider,
  putService,
  putVirtualService,
  ref,
  serviceBench,
  startMesh,
} from './istio-bench.ts'

let started: Promise<MeshGround> | undefined
const ground = (): Promise<MeshGround> => (started ??= startMesh())
afterAll(async () => {
  await (await started)?.end()
})

async function splitBench(name: string) {
  const bench = await serviceBench(await ground(), { name, target: 'split' })
  return {
    ...bench,
    values: [
      { old: 99.95, new: 0.05 },
      { old: 0, new: 100 },
    ] as [object, object] as never,
    stranger: async (value: unknown) => {
      const { old, new: fresh } = value as { old: number; new: number }
      await edit(await ground(), name, (http) => {
        http[1]!.route = [ref('v1', Math.round(old * 100)), ref('v2', Math.round(fresh * 100))]
      })
      await bench.served()
    },
  }
}

changingContract(istio.spec.id, () => splitBench('split'), ['missing target'])

changingContract(
  'traffic/istio mirror',
  async () => {
    const bench = await serviceBench(await ground(), { name: 'mirror', target: 'mirror' })
    return {
      ...bench,
      values: [{ percent: 20 }, { percent: 2.5 }],
      stranger: async (value) => {
        const percentage = { value: (value as { percent: number }).percent }
        await edit(await ground(), 'mirror', (http) => {
          http[1]!.mirrors = [{ destination: { host: 'shadow' }, percentage }]
        })
        await bench.served()
      },
    }
  },
  ['missing target'],
)

lyingContract('traffic/istio', () => splitBench('lies'), ['showLate', 'freezeReader'])

inFlightContract('traffic/istio', async (upstreams) => {
  const mesh = await ground()
  await putService(mesh, { name: 'slow-old', port: upstreams.old.port })
  await putService(mesh, { name: 'slow-new', port: upstreams.new.port })
  const config = configOf(mesh, 'slow', { old: { host: 'slow-old' }, new: { host: 'slow-new' } })
  await putVirtualService(mesh, {
    name: 'slow',
    hosts: ['*'],
    http: [{ name: 'main', route: [ref('slow-old', 100), ref('slow-new', 0)] }],
    config,
  })
  const open = (more = {}) => connect(provider, { ...config, ...more }, mesh.deps()) as unknown as TrafficPort
  const port = open()
  await until('the proxy serves it', async () => {
    const { facts } = await port.observe('split', io())
    return /serves [1-9]/.test(String(facts?.['proxies']))
  })
  return {
    port,
    url: mesh.mesh.edgeUrl,
    wrong: open({ old: { host: 'nobody' } }),
    outage: () => freeze(mesh.mesh.proxy.pid),
    end: () => mesh.kubernetes.remove(pathOf('slow')),
  }
})
