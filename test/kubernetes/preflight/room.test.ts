// preflight/kubernetes and what a namespace allows, by inputs of bug reports: quotas with scopes, of things that pods need not say, and
// ranges. Each answer is held against what the API server does with the same pods: it makes them, or it refuses them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../../lab/until.ts'
import { type Ground, NAMESPACE } from '../ground.ts'
import { type Place, beside, openPlace, podsOf, put, remove, said, scale, settle, take } from './place.ts'

const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const CONTROLLERS = ['deployment', 'replicaset', 'resourcequota'] as const

let place: Place
let ground: Ground
beforeAll(async () => {
  place = await openPlace(CONTROLLERS)
  ;({ ground } = place)
})
afterAll(() => place?.end())

type Case = {
  what: string
  quota?: object
  range?: object
  container?: object
  pod?: object
  /** What is said for four instances where two are. */
  says: RegExp
}
const exists = (scopeName: string) => ({ matchExpressions: [{ scopeName, operator: 'Exists' }] })
const ofClass = (operator: string, ...values: string[]) => ({
  matchExpressions: [{ scopeName: 'PriorityClass', operator, values }],
})
const ROOM = /^room: /
const CASES: Case[] = [
  {
    what: 'a quota that forbids affinity across namespaces, written as a scope',
    quota: { hard: { pods: '0' }, scopes: ['CrossNamespacePodAffinity'] },
    says: ROOM,
  },
  {
    what: 'the same, written as a selector',
    quota: { hard: { pods: '0' }, scopeSelector: exists('CrossNamespacePodAffinity') },
    says: ROOM,
  },
  {
    what: 'a quota of pods with a priority, over pods without one',
    quota: { hard: { pods: '0' }, scopes: ['PriorityClass'] },
    says: ROOM,
  },
  {
    what: 'a quota of another priority',
    quota: { hard: { pods: '0' }, scopeSelector: ofClass('In', 'high') },
    says: ROOM,
  },
  {
    what: 'a quota of all priorities but one, over pods without one',
    quota: { hard: { pods: '3' }, scopeSelector: ofClass('NotIn', 'high') },
    says: /^refuse: ResourceQuota case leaves pods for 1 of 2 further instances/,
  },
  {
    what: 'a quota of pods that do not end by themselves',
    quota: { hard: { pods: '3' }, scopes: ['NotTerminating'] },
    says: /^refuse: ResourceQuota case leaves pods for 1 of 2/,
  },
  {
    what: 'a quota of pods that ask for nothing, over pods that do',
    quota: { hard: { pods: '0' }, scopes: ['BestEffort'] },
    says: ROOM,
  },
  {
    what: 'the same over pods that ask for disk alone, which is nothing to it',
    quota: { hard: { pods: '3' }, scopes: ['BestEffort'] },
    container: { resources: { requests: { 'ephemeral-storage': '1Gi' } } },
    says: /^refuse: ResourceQuota case leaves pods for 1 of 2/,
  },
  {
    what: 'the same over pods to which a range gives something',
    quota: { hard: { pods: '3' }, scopes: ['BestEffort'] },
    range: { limits: [{ type: 'Container', defaultRequest: { cpu: '100m' } }] },
    container: { resources: {} },
    says: ROOM,
  },
  {
    what: 'a quota of GPUs, over pods that use none',
    quota: { hard: { 'requests.nvidia.com/gpu': '0' } },
    says: ROOM,
  },
  {
    what: 'a quota of disk, over pods that say nothing of it',
    quota: { hard: { 'requests.ephemeral-storage': '1Gi', 'limits.ephemeral-storage': '1Gi' } },
    says: ROOM,
  },
  {
    what: 'a quota of disk that has room for one more',
    quota: { hard: { 'requests.ephemeral-storage': '3Gi' } },
    container: { resources: { requests: { 'ephemeral-storage': '1Gi' } } },
    says: /^refuse: ResourceQuota case leaves requests.ephemeral-storage for 1 of 2/,
  },
  {
    what: 'a quota of processors, over pods that say theirs for the whole',
    quota: { hard: { 'requests.cpu': '3' } },
    container: { resources: {} },
    pod: { resources: { requests: { cpu: '1' } } },
    says: /^refuse: ResourceQuota case leaves requests.cpu for 1 of 2/,
  },
  {
    what: 'a range for pods, of which one container says no limit',
    range: { limits: [{ type: 'Pod', max: { cpu: '4' } }] },
    says: /^refuse: LimitRange case: a pod has no limit for cpu, and at most 4 of cpu is allowed/,
  },
  {
    what: 'a limit too far above its request',
    range: { limits: [{ type: 'Container', maxLimitRequestRatio: { memory: '1500m' } }] },
    says: /^refuse: LimitRange case: container app has 2 times, and its limit of memory may be 1500m times/,
  },
  {
    what: 'a least that is not asked for',
    range: { limits: [{ type: 'Pod', min: { 'ephemeral-storage': '1Mi' } }] },
    says: /^refuse: LimitRange case: a pod has no request for ephemeral-storage/,
  },
]

describe('room for two instances more', () => {
  it.each(CASES.map((each, at) => ({ ...each, name: `case-${at}` })))(
    '$what',
    async ({ name, quota, range, container, pod, says }) => {
      await settle(ground, { name, ...(container && { container }), ...(pod && { pod }) })
      await until('two are there', async () => (await podsOf(ground, name)).length === 2)
      try {
        if (range !== undefined) await put(ground, ['range', 'case'], range)
        if (quota !== undefined) {
          await put(ground, ['quota', 'case'], quota)
          await until('the quota is counted', async () => {
            const { status } = (await beside(ground, 'quota', 'case')) as { status?: { used?: object } }
            return status?.used !== undefined
          })
        }
        const [line = ''] = await said(ground, name, { check: 'room', demand: { instances: 4 } })
        expect(line).toMatch(says)
        // The API server's own word: all four are made, or it says why not.
        await scale(ground, name, 4)
        await until('all are made, or refused', async () => {
          const made = (await podsOf(ground, name)).length
          const [instances = ''] = await said(ground, name, { check: 'instances' })
          return ROOM.test(line) ? made === 4 : made < 4 && /ReplicaFailure/.test(instances)
        })
      } finally {
        await remove(ground, name)
        await until('its pods are gone', async () => {
          await ground.kubernetes.remove(`${PODS}?gracePeriodSeconds=0`) // one may have been made meanwhile
          return ((await ground.kubernetes.get(PODS)) as unknown as { items: object[] }).items.length === 0
        })
        for (const what of ['range', 'quota'] as const) await take(ground, what, 'case').catch(() => {}) // one of them is there
      }
    },
  )
})
