// Which version the pods behind a hash are: asked of their ReplicaSet once, for a hash says always the same.
import type { Io } from '../../../workflows/ports/target.ts'
import type { Kube } from '../../kubernetes/client.ts'
import { type ReplicaSet, type Rollout, HASH_LABEL, imagesIn } from './rollout.ts'
import type { ArgoRolloutsConfig } from './schema.ts'

const HASHES_KEPT = 64 // far more than the versions of one run

export interface Versions {
  kube: Kube
  config: ArgoRolloutsConfig
  /** Images by hash. */
  known: Map<string, string[]>
}

/** Raises what reading raises; Missing where the ReplicaSet is gone. */
export async function isNewVersion(versions: Versions, hash: string, io: Io): Promise<boolean> {
  const { image, template_hash: wanted } = versions.config.new
  if (wanted !== undefined) return hash === wanted
  return image !== undefined && (await imagesOf(versions, hash, io)).includes(image)
}

/** Of the version that was looked at by `isNewVersion`, in words. */
export function wordsOf({ config, known }: Versions, hash: string): string {
  const images = known.get(hash)
  return config.new.image === undefined || images === undefined ? hash : `${hash} (${images.join(', ')})`
}

export function newWords({ new: { image, template_hash: hash } }: ArgoRolloutsConfig): string {
  return image ?? `template ${hash}`
}

/** As it was before the controller marked it: what `kubectl argo rollouts undo` writes back. */
export async function templateOf(
  { kube, config }: Versions,
  hash: string,
  io: Io,
): Promise<ReplicaSet['spec']['template']> {
  const template = structuredClone((await replicaSet({ kube, config }, hash, io)).spec.template)
  delete template.metadata?.labels?.[HASH_LABEL]
  return template
}

/** Pods of a version that serve, and how many its ReplicaSet wants. */
export async function readyOf(
  versions: Versions,
  hash: string,
  io: Io,
): Promise<{ ready: number; wanted: number }> {
  const { spec, status } = await replicaSet(versions, hash, io)
  return { ready: status?.availableReplicas ?? 0, wanted: spec.replicas ?? 1 }
}

async function imagesOf(versions: Versions, hash: string, io: Io): Promise<string[]> {
  const { known } = versions
  const before = known.get(hash)
  if (before !== undefined) return before
  const images = imagesIn((await replicaSet(versions, hash, io)).spec.template)
  if (known.size >= HASHES_KEPT) known.clear()
  known.set(hash, images)
  return images
}

async function replicaSet(
  { kube, config }: Pick<Versions, 'kube' | 'config'>,
  hash: string,
  io: Io,
): Promise<ReplicaSet> {
  const name = `${config.rollout}-${hash}`
  return await kube.get<ReplicaSet>(
    {
      path: `/apis/apps/v1/namespaces/${config.namespace}/replicasets/${name}`,
      doing: `reading ReplicaSet ${config.namespace}/${name} of Rollout ${config.rollout} in cluster ${kube.cluster}`,
    },
    io,
  )
}

/** Whether what the Rollout asks for is the new version; null: it cannot be told by its template. */
export function asksForNew({ spec, status }: Rollout, { new: wanted }: ArgoRolloutsConfig): boolean | null {
  if (wanted.template_hash !== undefined) return status?.currentPodHash === wanted.template_hash
  if (spec.template === undefined || wanted.image === undefined) return null
  return imagesIn(spec.template).includes(wanted.image)
}
