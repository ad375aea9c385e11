// Whether the instances that are there can serve, and whether further ones could be started: pods and their images. Pure.
import { readyWords } from '../../../workflows/ports/capacity.ts'
import { readyIn, replicasOf, troublesOf } from '../../kubernetes/workload-status.ts'
import { type Facts, type Judgement, caution, fine, refuse } from './facts.ts'
import type { ContainerStatus, Pod } from './objects.ts'

const IMAGE_TROUBLE = /Image/ // ImagePullBackOff, ErrImagePull, InvalidImageName, ErrImageNeverPull
const STARTING = ['ContainerCreating', 'PodInitializing']
const RECENT_MS = 3_600_000 // a container that ended an hour ago says nothing of now

export function instancesOf(facts: Facts): Judgement[] {
  const { workload } = facts
  const of = workload as Parameters<typeof readyIn>[0]
  const wanted = replicasOf(of)
  const { ready, isCurrent } = readyIn(of)
  const troubles = [...troublesOf(of), ...facts.pods.flatMap((pod) => pendingOf(pod))]
  if (wanted === 0)
    return [
      caution('instances', {
        seen: 'no instance runs',
        why: 'neither its image nor its start has been seen on this cluster',
        todo: 'let one run before users are led to it',
      }),
    ]
  if (!isCurrent || ready < wanted || troubles.length > 0)
    return [
      refuse('instances', {
        seen: [
          readyWords(ready, wanted),
          ...(isCurrent ? [] : ['its controller has not read the present number yet']),
          ...new Set(troubles),
        ].join(', '),
        why:
          ready < wanted || !isCurrent
            ? 'users would be led to fewer instances than are meant to carry them'
            : 'those that are ready may be of an earlier version, and further ones may not come up',
        todo: 'see why the others are not ready',
      }),
    ]
  return [fine('instances', readyWords(ready, wanted)), ...restarts(facts)]
}

/** Pods that wait for an image are told apart: more of them will not help. */
export function imagesOf({ pods, pod }: Facts): Judgement[] {
  const waiting = pods.flatMap((each) =>
    statusesOf(each).flatMap(({ name, state }) => {
      const { reason = '', message = '' } = state?.waiting ?? {}
      return IMAGE_TROUBLE.test(reason) ? [`${name}: ${[reason, message].filter(Boolean).join(': ')}`] : []
    }),
  )
  const [first] = [...new Set(waiting)]
  if (first !== undefined)
    return [
      refuse('image', {
        seen: first,
        why: 'further instances would not start either',
        todo: 'see that the image is there and that the cluster may pull it',
      }),
    ]
  const loose = pod.containers.flatMap(({ name, image = '' }) =>
    isLoose(image) ? [`${name} (${image})`] : [],
  )
  if (loose.length > 0)
    return [
      caution('image', {
        seen: `no version is named by ${loose.join(', ')}`,
        why: 'instances that are started during the run may be other code than those of now',
        todo: 'name a tag that is never moved, or a digest',
      }),
    ]
  return [fine('image', pod.containers.map(({ image = 'none' }) => image).join(', '))]
}

/** Without a tag it is `latest`, whatever that is at the time. */
function isLoose(image: string): boolean {
  if (image.includes('@')) return false
  const tag = /:([^/:]+)$/.exec(image)?.[1]
  return tag === undefined || tag === 'latest'
}

function pendingOf(pod: Pod): string[] {
  const { conditions = [] } = pod.status ?? {}
  const unplaced = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  const waiting = statusesOf(pod).flatMap(({ name, state }) => {
    const { reason = '', message = '' } = state?.waiting ?? {}
    if (reason === '' || STARTING.includes(reason) || IMAGE_TROUBLE.test(reason)) return []
    return [`${name}: ${[reason, message].filter(Boolean).join(': ')}`]
  })
  return unplaced === undefined
    ? waiting
    : [`${unplaced.reason ?? 'not scheduled'}: ${unplaced.message ?? ''}`, ...waiting]
}

function restarts({ pods, clock }: Facts): Judgement[] {
  const now = clock?.at ?? clock?.receivedAt ?? null
  const ended = pods.flatMap((pod) =>
    (pod.status?.containerStatuses ?? []).flatMap(({ name, restartCount = 0, lastState }) => {
      const { reason = 'ended', finishedAt } = lastState?.terminated ?? {}
      if (restartCount === 0 || finishedAt === undefined || now === null) return []
      return now - Date.parse(finishedAt) > RECENT_MS ? [] : [`${name} of ${pod.metadata.name}: ${reason}`]
    }),
  )
  if (ended.length === 0) return []
  return [
    caution('instances', {
      seen: `started anew within the last hour: ${[...new Set(ended)].slice(0, 3).join(', ')}`,
      why: 'what ended it may end it under the requests of users',
      todo: 'find out why first',
    }),
  ]
}

function statusesOf({ status = {} }: Pod): ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
}
