// What a Kustomization or a HelmRelease is made from, as source-controller tells of it: the only thing that moves while the one that is
// made from it is suspended.
import type { Io } from '../../../workflows/ports/target.ts'
import type { Suspendable } from '../suspendable.ts'
import { type FluxObject, conditionOf } from './object.ts'
import { SOURCES } from './schema.ts'

/** A GitRepository or another one that a Kustomization is built from; the HelmChart of a HelmRelease, which has a source itself. */
interface FluxSource extends Pick<FluxObject, 'status'> {
  spec?: { suspend?: boolean; sourceRef?: SourceRef }
  status?: FluxObject['status'] & { artifact?: { revision?: string } }
}

type SourceRef = { kind: string; name: string; namespace?: string }

/** What a release or a Kustomization may be made from, as the API server calls it. */
const RESOURCES = new Map([
  ['GitRepository', 'gitrepositories'],
  ['OCIRepository', 'ocirepositories'],
  ['Bucket', 'buckets'],
  ['HelmChart', 'helmcharts'],
  ['HelmRepository', 'helmrepositories'],
])

/** `still`: what follows from one that has not moved; `trouble`: why it may have, and not be seen to. */
interface Source {
  word: 'source' | 'chart'
  revision: string | undefined
  still: string
  trouble: string | null
}

/** Null where it has none that can be read: another kind, a HelmRelease of an OCIRepository, of a chart in another namespace. */
export async function sourceOf(
  of: Suspendable<FluxObject>,
  object: FluxObject,
  io: Io,
): Promise<Source | null> {
  const { namespace: own = '' } = object.metadata
  const { sourceRef } = object.spec
  if (sourceRef !== undefined) {
    const read = await readRef(of, { own, ...sourceRef }, io)
    if (read === null) return null
    const still = 'and declares what was there before the run'
    return { word: 'source', revision: revisionOf(read.source), still, trouble: troubleOf(read) }
  }
  // What the status names is from before the suspension; a release may have been given another source since.
  const built = object.spec['chart'] === undefined ? undefined : object.status?.helmChart
  const [namespace, name] = built?.split('/') ?? []
  if (name === undefined || namespace !== own) return null
  const chart = await readRef(of, { own, kind: 'HelmChart', name }, io)
  if (chart === null) return null
  const { sourceRef: from } = chart.source.spec ?? {}
  const behind = from === undefined ? null : await readRef(of, { own, ...from }, io)
  return {
    word: 'chart',
    revision: revisionOf(chart.source),
    still: 'and whether its values agree is for a person to say',
    trouble: troubleOf(chart) ?? (behind === null ? null : troubleOf(behind)),
  }
}

type Read = { source: FluxSource; place: string }

/** Null: of a kind that is not known. */
async function readRef(
  of: Suspendable<FluxObject>,
  { own, kind, name, namespace = own }: SourceRef & { own: string },
  io: Io,
): Promise<Read | null> {
  const resource = RESOURCES.get(kind)
  if (resource === undefined) return null
  const path = `/apis/${SOURCES.group}/${SOURCES.version}/namespaces/${namespace}/${resource}/${name}`
  const place = `${kind} ${namespace}/${name}`
  const doing = `reading ${place}, the source of ${of.place}`
  return { source: await of.kube.get<FluxSource>({ path, doing }, io), place }
}

function revisionOf({ status }: FluxSource): string | undefined {
  return status?.artifact?.revision
}

/** Why one that has moved would not be seen to have; null = nothing is known. */
function troubleOf({ source: { spec, status = {} }, place }: Read): string | null {
  if (spec?.suspend === true) return `${place} is suspended: it fetches nothing`
  const ready = conditionOf({ status }, 'Ready')
  if (ready === undefined || ready.status !== 'False') return null
  return `${place} is not Ready: ${ready.message ?? ready.reason ?? 'no message'}`
}
