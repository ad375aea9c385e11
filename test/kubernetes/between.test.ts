// What happens between a look and a write, and between a write and its answer: nobody's change is written over unseen, and an
// outcome that nobody knows is looked for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubernetes } from '../../activities/capacity/kubernetes/index.ts'
import { restoreTo } from '../../activities/change/restore.ts'
import { kindOf } from '../../activities/failure.ts'
import { type Folder, createFolder } from '../../lab/folder.ts'
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { Changing } from '../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import {
  configOf as workloadConfig,
  putScaler,
  putWorkload,
  scalerPath,
  setByHand,
  workloadPath,
} from './capacity/workload-bench.ts'
import { type Front, startFront } from './front.ts'
import { type Ground, WORKER, startGround } from './ground.ts'
import { ORDERS, type Route, configOf, pathOf, provider, putRoute } from './traffic/gateway-bench.ts'

let ground: Ground
let folder: Folder
let front: Front
beforeAll(async () => {
  folder = createFolder('kubernetes-between')
  ground = await startGround(['gateway-api', 'keda'])
  front = await startFront(ground.kubernetes, folder.path)
})
afterAll(async () => {
  front?.end()
  await ground?.kubernetes.server.close()
  folder?.remove()
})

/** A port of the provider that goes through the front. */
function through(of: ChangingBench['provider'], config: JsonObject): Changing {
  const { kubeconfig: _, ...rest } = config
  const entrance = { server: front.url, token: 'env:TOKEN', tls: { ca: front.ca } }
  return connect(of, { ...rest, ...entrance }, testDeps({ secrets: { 'env:TOKEN': WORKER.token } }))
}
const outcome = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )

describe('traffic/gateway-api', () => {
  const weightsOf = async (name: string) => {
    const { spec } = (await ground.kubernetes.get(pathOf(name))) as Route
    return spec.rules[0]?.backendRefs.map(({ weight }) => weight)
  }
  const weigh = (name: string, old: number, fresh: number) =>
    ground.kubernetes.patch(`${pathOf(name)}?fieldManager=kubectl-edit`, [
      { op: 'replace', path: '/spec/rules/0/backendRefs/0/weight', value: old },
      { op: 'replace', path: '/spec/rules/0/backendRefs/1/weight', value: fresh },
    ])

  it('does not write over weights that were set between its look and its write', async () => {
    await putRoute(ground, { name: 'between', rules: structuredClone(ORDERS) })
    const port = through(provider, configOf('between'))
    const seen = await port.observe('split', io())
    front.before = async () => void (await weigh('between', 60, 40))
    expect(await outcome(port.write({ target: 'split', desired: { old: 75, new: 25 }, seen }, io()))).toMatch(
      /^Conflict: .*changed by kubectl-edit since; found \{"old":60,"new":40\}/,
    )
    expect(await weightsOf('between')).toEqual([60, 40])
  })

  it('goes on over a change of the route beside the weights, and keeps it', async () => {
    await putRoute(ground, { name: 'beside', rules: structuredClone(ORDERS) })
    const port = through(provider, configOf('beside'))
    const seen = await port.observe('split', io())
    front.before = async () =>
      void (await ground.kubernetes.patch(pathOf('beside'), [
        { op: 'replace', path: '/spec/rules/0/timeouts/request', value: '20s' },
      ]))
    await port.write({ target: 'split', desired: { old: 75, new: 25 }, seen }, io())
    expect(await weightsOf('beside')).toEqual([75, 25])
    const { spec } = (await ground.kubernetes.get(pathOf('beside'))) as Route
    expect(spec.rules[0]?.['timeouts']).toEqual({ request: '20s' })
  })

  it('calls a write whose answer is lost Unavailable, and takes it back as its own', async () => {
    await putRoute(ground, { name: 'cut', rules: structuredClone(ORDERS) })
    const port = through(provider, configOf('cut'))
    const seen = await port.observe('split', io())
    front.cutsAnswer = true
    expect(await outcome(port.write({ target: 'split', desired: { old: 75, new: 25 }, seen }, io()))).toMatch(
      /^Unavailable: setting split to/,
    )
    expect(await weightsOf('cut'), 'it has landed').toEqual([75, 25])
    const before: Json = seen.value
    const request = { target: 'split', before, ours: [before, { old: 75, new: 25 }], halves: [] }
    await restoreTo(port, { ...request, isUncertain: true, isRepeated: false, portName: 'traffic' }, io())
    expect(await weightsOf('cut')).toEqual([100, 0])
  })
})

describe('capacity/kubernetes', () => {
  const capacity = kubernetes as unknown as ChangingBench['provider']
  const numbersOf = async (name: string): Promise<unknown[]> => {
    type Numbers = { spec: { replicas?: number; minReplicas?: number } }
    const { spec } = (await ground.kubernetes.get(workloadPath('deployment', name))) as unknown as Numbers
    const hpa = (await ground.kubernetes.get(scalerPath('hpa', name))) as unknown as Numbers
    return [spec.replicas, hpa.spec.minReplicas]
  }
  const put = async (name: string): Promise<Changing> => {
    await putWorkload(ground, { word: 'deployment', name, replicas: 2 })
    await putScaler(ground, { word: 'deployment', name, bounds: { scaler: 'hpa', min: 1, max: 9 } })
    return through(capacity, workloadConfig('deployment', name))
  }

  it('does not write over a number that somebody set between its look and its write', async () => {
    const port = await put('between')
    const seen = await port.observe('new', io())
    front.before = async () =>
      setByHand(ground, { word: 'deployment', name: 'between', scaler: 'hpa', count: 5 })
    expect(await outcome(port.write({ target: 'new', desired: { count: 4 }, seen }, io()))).toMatch(
      /^Conflict: .*changed by kubectl.* since; found \{"count":5,"floor":5\}/,
    )
    expect(await numbersOf('between')).toEqual([5, 5])
  })

  it('does not do so where there is no autoscaler either', async () => {
    await putWorkload(ground, { word: 'deployment', name: 'bare', replicas: 2 })
    const port = through(capacity, workloadConfig('deployment', 'bare'))
    const seen = await port.observe('new', io())
    front.before = async () => setByHand(ground, { word: 'deployment', name: 'bare', count: 5 })
    expect(await outcome(port.write({ target: 'new', desired: { count: 4 }, seen }, io()))).toMatch(
      /^Conflict: .*changed by kubectl since; found \{"count":5\}/,
    )
  })

  it('puts back a floor that was written before the connection broke, though the number was not', async () => {
    const port = await put('half')
    const seen = await port.observe('new', io())
    front.cutsAnswer = true
    expect(await outcome(port.write({ target: 'new', desired: { count: 4 }, seen }, io()))).toMatch(
      /^Unavailable/,
    )
    expect(await numbersOf('half'), 'half of it has landed').toEqual([2, 4])
    const before: Json = seen.value
    const request = {
      target: 'new',
      before,
      ours: [before, { count: 4 }],
      halves: [[before, { count: 4 }] as [Json, Json]],
    }
    await restoreTo(port, { ...request, isUncertain: true, isRepeated: false, portName: 'capacity' }, io())
    expect(await numbersOf('half')).toEqual([2, 1])
  })
})
