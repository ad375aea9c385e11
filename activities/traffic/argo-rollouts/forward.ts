// To a pause with another weight: as `kubectl argo rollouts promote` does, to the next one; to any other by the step that sets it.
import type { Io } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { PatchOperation } from '../../kubernetes/client.ts'
import { sendOver } from '../../kubernetes/over.ts'
import { type Edge, type Look, pathOf } from './look.ts'
import { type Rollout, isAborted, isRead, isUpdating, isWaiting } from './rollout.ts'
import { stopFor, stopsOf } from './steps.ts'

export async function goForward(
  { config, kube }: Edge,
  { here, desired, doing }: { here: Look; desired: Split; doing: string },
  io: Io,
): Promise<void> {
  const { rollout } = here
  const stop = stopFor(desired, rollout)
  if (stop === null) throw failure('Rejected', `${doing}: it has no pause for it`)
  if (!isUpdating(rollout))
    throw failure('Unavailable', `${doing}: its controller has not read what it asks for; looking again`)
  if (rollout.spec.paused === true)
    throw failure('Rejected', `${doing}: somebody has paused it (spec.paused): take that back first`)
  // A controller on its way writes the step that it has got to, over any that is written meanwhile.
  if (!(isRead(rollout) && (isWaiting(rollout) || isAborted(rollout))))
    throw failure('Unavailable', `${doing}: it is on its way to another step; looking again`)
  const patch = toStop(rollout, stop)
  await sendOver({ kube, object: rollout, path: `${pathOf(config)}/status` }, { patch, doing }, io)
}

function toStop(rollout: Rollout, stop: { at: number; from: number }): PatchOperation[] {
  const { currentStepIndex: index = 0, abort = false, pauseConditions = null } = rollout.status ?? {}
  const cleared: PatchOperation[] =
    pauseConditions === null ? [] : [{ op: 'remove', path: '/status/pauseConditions' }]
  const next = stopsOf(rollout).find(({ at }) => at > index)
  if (!abort && next?.at === stop.at) return cleared
  return [
    ...cleared,
    { op: 'add', path: '/status/controllerPause', value: false },
    { op: 'add', path: '/status/currentStepIndex', value: stop.from },
    ...(abort ? [{ op: 'add' as const, path: '/status/abort', value: false }] : []),
  ]
}
