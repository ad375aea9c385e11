// Back to the old version: the abort first, as `kubectl argo rollouts abort` sends it, then the template of the old version, so that
// nothing leads forward again. Both stand on the API server before anything is waited for: they outlive this worker and a controller.
import { canonicalJson } from '../../../workflows/json.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { failure, kindOf } from '../../failure.ts'
import { overtake } from '../../kubernetes/over.ts'
import { type Edge, type Look, pathOf, placeOf } from './look.ts'
import { isUpdating } from './rollout.ts'
import type { ArgoRolloutsConfig } from './schema.ts'
import { asksForNew, templateOf } from './versions.ts'

/** Nothing is left that leads forward, or nothing is wanted to be done about it. */
export function isReverted({ rollout }: Look, config: ArgoRolloutsConfig): boolean {
  return !reverts(config, rollout) || !isUpdating(rollout)
}

/** Raises what the API server raises; a template that cannot be put back only after the abort was accepted. */
export async function goBack(
  edge: Edge,
  { here, doing }: { here: Look; doing: string },
  io: Io,
): Promise<void> {
  const { config, kube } = edge
  const { rollout } = here
  const stored = { kube, object: rollout, path: pathOf(config) }
  if (!isUpdating(rollout)) return
  // Over whatever the controller has written meanwhile: a way back must not lose against a status.
  if (rollout.status?.abort === true) await overtake(stored, placeOf(config), io)
  else
    await kube.patch(
      { path: `${pathOf(config)}/status`, patch: [{ op: 'add', path: '/status/abort', value: true }], doing },
      io,
    )
  if (reverts(config, rollout)) await revert(edge, { here, doing }, io)
}

function reverts({ after_abort: after }: ArgoRolloutsConfig, { spec }: Look['rollout']): boolean {
  return after === 'revert' && spec.template !== undefined && spec.workloadRef === undefined
}

async function revert(edge: Edge, { here, doing }: { here: Look; doing: string }, io: Io): Promise<void> {
  const { config, kube, versions } = edge
  const { template } = here.rollout.spec
  const { stableRS: stable = '' } = here.rollout.status ?? {}
  if (asksForNew(here.rollout, config) === false) return // it was put back already, and the controller has not read it
  const before = (await templateOf(versions, stable, io)) as Json
  if (canonicalJson(before) === canonicalJson(template as Json)) return
  const patch = [
    { op: 'test' as const, path: '/spec/template', value: template as Json },
    { op: 'replace' as const, path: '/spec/template', value: before },
  ]
  await kube.patch({ path: pathOf(config), patch, doing }, io).catch((error: unknown) => {
    if (kindOf(error) !== 'Conflict') throw error
    throw failure(
      'Unavailable',
      `${doing}: it is aborted; its template was changed by somebody meanwhile, and is not touched`,
      { cause: error },
    )
  })
}
