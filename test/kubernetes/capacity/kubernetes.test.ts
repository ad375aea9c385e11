// capacity/kubernetes on a real API server with the real controllers of Deployments, StatefulSets and autoscalers: the contract of
// changing ports for each kind of workload, and what becomes of an autoscaler's floor on the way there and back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubernetes } from '../../../activities/capacity/kubernetes/index.ts'
import type { ServerHandle } from '../../../lab/server-process.ts'
import { until } from '../../../lab/until.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, changingContract, connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { type Ground, startGround } from '../ground.ts'
import { apply, failing, restore } from './calls.ts'
import { type Nodes, startNodes } from './nodes.ts'
import {
  type Word,
  configOf,
  putScaler,
  putWorkload,
  scalerPath,
  setByHand,
  workloadBench,
  workloadPath,
} from './workload-bench.ts'

const provider = kubernetes as unknown as ChangingBench['provider']
const CONTROLLERS = ['deployment', 'replicaset', 'statefulset', 'horizontal-pod-autoscaler'] as const
const AUTOSCALER_MS_MAX = 90_000 // a horizontal pod autoscaler looks every 15 s, on a busy machine later

let ground: Ground
let controllers: ServerHandle
let nodes: Nodes
beforeAll(async () => {
  ground = await startGround(['argo-rollouts', 'keda'])
  controllers = await ground.kubernetes.startControllers(CONTROLLERS.map((name) => `${name}-controller`))
  nodes = startNodes(ground.kubernetes)
  await putWorkload(ground, { word: 'deployment', name: 'bystander', replicas: 1 })
})
afterAll(async () => {
  await nodes?.end()
  await controllers?.close()
  await ground?.kubernetes.server.close()
})

for (const word of ['deployment', 'statefulset', 'rollout'] as const)
  changingContract(`capacity/kubernetes ${word}`, () =>
    workloadBench(ground, { word, name: `plain-${word}` }),
  )

for (const scaler of ['hpa', 'keda'] as const) {
  const bounds = { scaler, min: 2, max: 10 }
  changingContract(`capacity/kubernetes deployment with ${scaler}`, () =>
    workloadBench(ground, { word: 'deployment', name: `scaled-${scaler}`, bounds }),
  )
}

const portOf = (name: string, word: Word = 'deployment'): Changing =>
  connect(provider, configOf(word, name), ground.deps())
const numbersOf = async (name: string): Promise<unknown[]> => {
  const deployment = (await ground.kubernetes.get(workloadPath('deployment', name))) as {
    spec?: { replicas?: number }
  }
  const hpa = (await ground.kubernetes.get(scalerPath('hpa', name)).catch(() => null)) as {
    spec?: { minReplicas?: number }
  } | null
  return [deployment.spec?.replicas, ...(hpa === null ? [] : [hpa.spec?.minReplicas])]
}
const isReady = async (port: Changing, count: number): Promise<boolean> =>
  (await port.confirm!({ target: 'new', desired: { count }, options: {} }, io())).settled

describe('capacity/kubernetes', () => {
  it.each(['deployment', 'statefulset', 'rollout'] as const)(
    'waits until the instances of a %s are ready',
    async (word) => {
      const name = `ready-${word}`
      await putWorkload(ground, { word, name, replicas: 1 })
      const port = portOf(name, word)
      await until('the first one is ready', () => isReady(port, 1))
      if (word !== 'rollout') nodes.failing.add(name)
      await apply(port, { count: 3 })
      const wanted = { target: 'new', desired: { count: 3 }, options: {} }
      if (word !== 'rollout') {
        await until('its controller has read it', async () => {
          const { lines } = await port.confirm!(wanted, io())
          return !lines.some((line) => line.includes('not read'))
        })
        expect(await port.confirm!(wanted, io())).toMatchObject({
          settled: false,
          lines: ['new: 1 of 3 ready'],
        })
        nodes.failing.delete(name)
      }
      await until('all are ready', () => isReady(port, 3))
      expect((await port.observe('new', io())).facts).toMatchObject({ ready: 3 })
    },
  )

  it('does not take instances for ready while their controller stands still', async () => {
    await putWorkload(ground, { word: 'deployment', name: 'still', replicas: 3 })
    const port = portOf('still')
    await until('all are ready', () => isReady(port, 3))
    const standstill = await freeze(controllers.pid)
    try {
      await restore(port, { count: 2 }, [{ count: 3 }]).catch(() => null)
      const { settled, lines } = await port.confirm!(
        { target: 'new', desired: { count: 2 }, options: {} },
        io(),
      )
      expect({ settled, lines }).toEqual({
        settled: false,
        lines: ['new: 3 ready, 2 wanted', 'its controller has not read the present number yet'],
      })
    } finally {
      await standstill.end()
    }
    await until('it has gone on', () => isReady(port, 2))
  })

  it('sets the floor of an autoscaler, which then holds the number, and puts both back', async () => {
    const name = 'floor'
    await putWorkload(ground, { word: 'deployment', name, replicas: 2 })
    await putScaler(ground, { word: 'deployment', name, bounds: { scaler: 'hpa', min: 1, max: 10 } })
    const port = portOf(name)
    const before = (await port.observe('new', io())).value
    expect(before).toEqual({ count: 2, floor: 1 })
    await apply(port, { count: 5 })
    expect(await numbersOf(name)).toEqual([5, 5])
    // What a bare number comes to: somebody lowers it, and the autoscaler brings it back to the floor.
    await ground.kubernetes.patch(`${workloadPath('deployment', name)}/scale`, { spec: { replicas: 3 } })
    await until(
      'the autoscaler holds the floor',
      async () => (await numbersOf(name))[0] === 5,
      AUTOSCALER_MS_MAX,
    )
    expect(await port.observe('new', io()), 'its hand is known').toMatchObject({ writtenBy: 'machine' })
    await restore(port, before, [before, { count: 5 }])
    expect(await numbersOf(name)).toEqual([2, 1])
  })

  it('is told in a plan when the ceiling of an autoscaler is too low', async () => {
    const name = 'ceiling'
    await putWorkload(ground, { word: 'deployment', name, replicas: 4 })
    await putScaler(ground, { word: 'deployment', name, bounds: { scaler: 'hpa', min: 2, max: 6 } })
    const port = portOf(name)
    expect(await failing(port.observe('new', io(), [{ count: 8 }]))).toBe(
      'Rejected: Deployment shop/ceiling: HorizontalPodAutoscaler ceiling allows 6 instances at most, 8 are wanted: raise its ceiling first',
    )
    expect(await failing(apply(port, { count: 8 }))).toMatch(/^Rejected/)
    expect(await numbersOf(name)).toEqual([4, 2])
  })

  it('takes all instances away and brings them back as they were, floor and number', async () => {
    const name = 'none'
    await putWorkload(ground, { word: 'deployment', name, replicas: 4 })
    await putScaler(ground, { word: 'deployment', name, bounds: { scaler: 'hpa', min: 2, max: 6 } })
    const port = portOf(name)
    const before = (await port.observe('new', io())).value
    await apply(port, { count: 0 })
    expect(await numbersOf(name), 'an autoscaler leaves a workload of none alone').toEqual([0, 2])
    await restore(port, before, [before, { count: 0 }])
    expect(await numbersOf(name)).toEqual([4, 2])
  })

  it('goes back over the number of a machine, and asks over that of a person', async () => {
    const name = 'hands'
    await putWorkload(ground, { word: 'deployment', name, replicas: 2 })
    const port = portOf(name)
    const before = (await port.observe('new', io())).value
    await apply(port, { count: 4 })
    const scale = `${workloadPath('deployment', name)}/scale`
    await ground.kubernetes.patch(`${scale}?fieldManager=some-autoscaler`, { spec: { replicas: 7 } })
    expect(await port.observe('new', io())).toMatchObject({ writer: 'some-autoscaler', writtenBy: 'machine' })
    await restore(port, before, [before, { count: 4 }])
    expect(await numbersOf(name)).toEqual([2])
    await apply(port, { count: 4 })
    await setByHand(ground, { word: 'deployment', name, count: 9 })
    expect(await port.observe('new', io())).toMatchObject({ writer: 'kubectl', writtenBy: 'person' })
    expect(await failing(restore(port, before, [before, { count: 4 }]))).toMatch(
      /^Conflict: new was changed by kubectl: found \{"count":9\}/,
    )
    expect(await numbersOf(name)).toEqual([9])
  })

  it('changes the floor where it is declared: KEDA makes an autoscaler, and would put its floor back', async () => {
    const name = 'made'
    await putWorkload(ground, { word: 'deployment', name, replicas: 2 })
    const bounds = { scaler: 'keda', min: 1, max: 9 } as const
    const annotations = { 'autoscaling.keda.sh/paused': 'true' }
    await putScaler(ground, { word: 'deployment', name, bounds, metadata: { annotations } })
    const { metadata } = await ground.kubernetes.get(scalerPath('keda', name))
    const ownerReferences = [
      { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name, uid: metadata['uid'], controller: true },
    ]
    await putScaler(ground, {
      word: 'deployment',
      name,
      bounds: { scaler: 'hpa', min: 1, max: 9 },
      metadata: { ownerReferences },
    })
    const port = portOf(name)
    const seen = await port.observe('new', io())
    expect(seen).toMatchObject({
      value: { count: 2, floor: 1 },
      facts: { autoscaler: 'ScaledObject made, 1 to 9' },
    })
    expect(seen.cautions).toContain(
      'ScaledObject made is paused (autoscaling.keda.sh/paused): it scales nothing',
    )
    await apply(port, { count: 0 })
    expect((await ground.kubernetes.get(scalerPath('keda', name)))['spec']).toMatchObject({
      minReplicaCount: 0,
    })
  })

  it('says in a plan what may be done: no permission is asked for that is not needed', async () => {
    const name = 'allowed'
    await putWorkload(ground, { word: 'deployment', name, replicas: 2 })
    expect(await portOf(name).permits!('new', io())).toBe(
      'the API server lets the worker get deployments allowed in shop; patch deployments/scale allowed in shop; list horizontalpodautoscalers in shop; list scaledobjects in shop',
    )
    await putScaler(ground, { word: 'deployment', name, bounds: { scaler: 'hpa', min: 1, max: 9 } })
    expect(await portOf(name).permits!('new', io())).toContain(
      'patch horizontalpodautoscalers allowed in shop',
    )
    expect(
      await failing(connect(provider, configOf('deployment', name), ground.intruder()).permits!('new', io())),
    ).toMatch(/^Denied: .*cannot get resource "deployments"/)
  })
})
