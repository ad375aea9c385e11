// capacity/kubernetes and what else sets the number of instances, by inputs of bug reports: autoscalers that are paused, idle, of an old
// version, of a Rollout or lowered meanwhile; StatefulSets that nobody rolls out; a definition without a scale subresource.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubernetes } from '../../../activities/capacity/kubernetes/index.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import { until } from '../../../lab/until.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../../contract/changing.ts'
import { ACCESS, type Ground, startGround } from '../ground.ts'
import { apply, failing, restore, restoreAt } from './calls.ts'
import {
  type Bounds,
  type Word,
  configOf,
  putScaler,
  putWorkload,
  scalerPath,
  workloadPath,
} from './workload-bench.ts'

const provider = kubernetes as unknown as ChangingBench['provider']
const PAUSED = 'autoscaling.keda.sh/paused'
const PAUSED_AT = 'autoscaling.keda.sh/paused-replicas'

let ground: Ground
beforeAll(async () => {
  ground = await startGround(['argo-rollouts', 'keda'])
})
afterAll(async () => ground?.kubernetes.server.close())

const portOf = (name: string, word: Word = 'deployment'): Changing =>
  connect(provider, configOf(word, name), ground.deps())
const cautions = async (port: Changing): Promise<string[]> =>
  ((await port.observe('new', io())).cautions ?? []).filter((words) => !words.startsWith('Helm declares it'))

type Scaled = {
  name: string
  bounds: Bounds
  annotations?: Record<string, string>
  word?: Word
  replicas?: number
}
async function scaled({ name, bounds, annotations = {}, word = 'deployment', replicas = 2 }: Scaled) {
  await putWorkload(ground, { word, name, replicas })
  await putScaler(ground, { word, name, bounds, metadata: { annotations } })
  return portOf(name, word)
}
const specOf = async (path: string): Promise<Record<string, unknown>> =>
  (await ground.kubernetes.get(path))['spec'] as Record<string, unknown>
const keda = (min: number, max: number): Bounds => ({ scaler: 'keda', min, max })
const hpa = (min: number, max: number): Bounds => ({ scaler: 'hpa', min, max })

describe('a ScaledObject of KEDA', () => {
  it('that is held at a number refuses every other one in the plan: KEDA would put it back', async () => {
    const port = await scaled({ name: 'held', bounds: keda(1, 9), annotations: { [PAUSED_AT]: '2' } })
    expect(await cautions(port)).toContain(`ScaledObject held is held at 2 (${PAUSED_AT})`)
    const refused =
      /^Rejected: Deployment shop\/held: ScaledObject held is held at 2 instances by an annotation, and KEDA puts back any other number, 4 as well/
    expect(await failing(port.observe('new', io(), [{ count: 4 }]))).toMatch(refused)
    expect(await failing(apply(port, { count: 4 }))).toMatch(refused)
    expect(await failing(port.observe('new', io(), [{ count: 2 }]))).toBe('done')
  })

  it('that somebody holds while a run is under way is no reason to refuse the way back', async () => {
    const port = await scaled({ name: 'held-later', bounds: keda(1, 9) })
    const before = (await port.observe('new', io())).value
    await apply(port, { count: 4 })
    const annotations = { [PAUSED_AT]: '4' }
    await ground.kubernetes.patch(scalerPath('keda', 'held-later'), { metadata: { annotations } })
    await restore(port, before, [before, { count: 4 }])
    expect(await specOf(workloadPath('deployment', 'held-later'))).toMatchObject({ replicas: 2 })
    expect(await specOf(scalerPath('keda', 'held-later'))).toMatchObject({ minReplicaCount: 1 })
  })

  it.each([
    ['true', true],
    ['yes', true],
    ['false', false],
    ['0', false],
  ])('with paused: "%s" is told to be paused: %s', async (value, isSo) => {
    const port = await scaled({
      name: `paused-${value}`,
      bounds: keda(1, 9),
      annotations: { [PAUSED]: value },
    })
    expect((await cautions(port)).some((words) => words.includes('is paused'))).toBe(isSo)
  })

  it('that goes idle below its floor is told, and its floor is never set to where KEDA refuses it', async () => {
    const port = await scaled({ name: 'idle', bounds: keda(2, 9) })
    await ground.kubernetes.patch(scalerPath('keda', 'idle'), { spec: { idleReplicaCount: 0 } })
    expect(await cautions(port)).toContainEqual(
      expect.stringMatching(/^ScaledObject idle has an idleReplicaCount of 0: .* whatever its floor$/),
    )
    const before = (await port.observe('new', io())).value
    await apply(port, { count: 0 })
    expect(await specOf(scalerPath('keda', 'idle'))).toMatchObject({ minReplicaCount: 2 })
    await restore(port, before, [before, { count: 0 }])
    expect(await specOf(workloadPath('deployment', 'idle'))).toMatchObject({ replicas: 2 })
  })
})

describe('a HorizontalPodAutoscaler', () => {
  it('of version 1 is found as any other', async () => {
    await putWorkload(ground, { word: 'deployment', name: 'first', replicas: 2 })
    await ground.kubernetes.create(scalerPath('hpa').replace('/v2/', '/v1/'), {
      apiVersion: 'autoscaling/v1',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'first' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'first' },
        maxReplicas: 6,
        targetCPUUtilizationPercentage: 70,
      },
    })
    const port = portOf('first')
    const before = (await port.observe('new', io())).value
    expect(before).toEqual({ count: 2, floor: 1 })
    await apply(port, { count: 4 })
    expect(await specOf(scalerPath('hpa', 'first'))).toMatchObject({ minReplicas: 4 })
    await restore(port, before, [before, { count: 4 }])
    expect(await specOf(scalerPath('hpa', 'first'))).toMatchObject({ minReplicas: 1 })
  })

  it('of a Rollout has its floor set and put back', async () => {
    const port = await scaled({ name: 'rolled', word: 'rollout', bounds: hpa(2, 8) })
    const before = (await port.observe('new', io())).value
    expect(before).toEqual({ count: 2, floor: 2 })
    await apply(port, { count: 5 })
    expect(await specOf(scalerPath('hpa', 'rolled'))).toMatchObject({ minReplicas: 5 })
    await restore(port, before, [before, { count: 5 }])
    expect(await specOf(scalerPath('hpa', 'rolled'))).toMatchObject({ minReplicas: 2 })
    expect(await specOf(workloadPath('rollout', 'rolled'))).toMatchObject({ replicas: 2 })
  })

  it('that has brought as many as wanted by itself holds them from then on', async () => {
    const port = await scaled({ name: 'enough', bounds: hpa(1, 8), replicas: 5 })
    const before = (await port.observe('new', io())).value
    const ordered = { count: 5, floor: 5 }
    expect(await apply(port, ordered)).toMatchObject({ written: 'written', observed: { value: ordered } })
    expect(await specOf(scalerPath('hpa', 'enough'))).toMatchObject({ minReplicas: 5 })
    await restore(port, before, [before, ordered])
    expect(await specOf(scalerPath('hpa', 'enough'))).toMatchObject({ minReplicas: 1 })
    expect(await specOf(workloadPath('deployment', 'enough'))).toMatchObject({ replicas: 5 })
  })

  it('of the old side keeps what it has added for the users who came back', async () => {
    await scaled({ name: 'kept', bounds: hpa(1, 8), replicas: 3 })
    const port = connect(provider, { ...ACCESS, old: 'deployment/kept' }, ground.deps())
    const before = (await port.observe('old', io())).value
    const ordered = { count: 3, floor: 3 }
    await apply(port, ordered, 'old')
    const scale = `${workloadPath('deployment', 'kept')}?fieldManager=kube-controller-manager`
    await ground.kubernetes.patch(scale, { spec: { replicas: 6 } }) // as it writes it
    const back = () => restoreAt('old', port, { before, ours: [before, ordered] })
    await back()
    expect((await port.observe('old', io())).value).toEqual({ count: 6, floor: 1 })
    expect(await back(), 'and there is nothing more to do').toMatchObject({
      written: 'unchanged',
    })
  })

  it('whose ceiling was lowered meanwhile does not stand in the way back', async () => {
    const port = await scaled({ name: 'lowered', bounds: hpa(1, 8), replicas: 5 })
    const before = (await port.observe('new', io())).value
    await apply(port, { count: 7 })
    await ground.kubernetes.patch(scalerPath('hpa', 'lowered'), { spec: { minReplicas: 1, maxReplicas: 4 } })
    await restore(port, before, [before, { count: 7 }, { count: 7, floor: 1 }])
    expect(await specOf(workloadPath('deployment', 'lowered'))).toMatchObject({ replicas: 5 })
  })
})

describe('a StatefulSet', () => {
  const versions = async (name: string, updateStrategy: object): Promise<string[]> => {
    await putWorkload(ground, { word: 'statefulset', name, replicas: 3 })
    const to = [{ op: 'replace', path: '/spec/updateStrategy', value: updateStrategy }]
    await ground.kubernetes.patch(workloadPath('statefulset', name), to)
    await ground.kubernetes.patch(`${workloadPath('statefulset', name)}/status`, {
      status: { replicas: 3, readyReplicas: 3, updatedReplicas: 1, observedGeneration: 2 },
    })
    return await cautions(portOf(name, 'statefulset'))
  }

  it('that nobody rolls out is not told to be rolled out', async () => {
    expect(await versions('by-hand', { type: 'OnDelete' })).toEqual([
      'its instances are of two versions, the new one only where one is started anew (OnDelete): 1 of 3 instances have it',
    ])
    const partition = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } }
    expect(await versions('in-parts', partition)).toEqual([
      'its instances are of two versions, the new one from number 2 on (partition): 1 of 3 instances have it',
    ])
    expect(await versions('rolling', { type: 'RollingUpdate' })).toEqual([
      'a new version is being rolled out: 1 of 3 instances have it',
    ])
  })

  it('whose volumes go with its instances is told: the way back would begin empty', async () => {
    const name = 'forgetful'
    await putWorkload(ground, { word: 'statefulset', name, replicas: 3 })
    await ground.kubernetes.patch(workloadPath('statefulset', name), {
      spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } },
    })
    expect(await cautions(portOf(name, 'statefulset'))).toEqual([
      'instances that are taken away lose their volumes (whenScaled: Delete): those that come back begin empty',
    ])
  })
})

describe('a Rollout whose definition has no scale subresource', () => {
  const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rollouts.argoproj.io'

  it('is told in the plan, and what has to be installed', async () => {
    await putWorkload(ground, { word: 'rollout', name: 'unscaled', replicas: 2 })
    const port = portOf('unscaled', 'rollout')
    expect(await failing(port.permits!('new', io()))).toBe('done')
    const definition = (await ground.kubernetes.get(DEFINITION)) as KubeObject & {
      spec: { versions: { subresources?: { scale?: unknown } }[] }
    }
    const { scale } = definition.spec.versions[0]?.subresources ?? {}
    const at = '/spec/versions/0/subresources/scale'
    await ground.kubernetes.patch(DEFINITION, [{ op: 'remove', path: at }])
    try {
      const words =
        /^Config: trying to set new \(Rollout shop\/unscaled\): Rollout shop\/unscaled has no scale subresource/
      await until('the API server serves it so', async () =>
        words.test(await failing(port.permits!('new', io()))),
      )
    } finally {
      await ground.kubernetes.patch(DEFINITION, [{ op: 'add', path: at, value: scale }])
    }
  })
})
