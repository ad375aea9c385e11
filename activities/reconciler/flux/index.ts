// Suspends a Kustomization or HelmRelease, and lets it go on. While it is suspended its controller compares nothing: what can be known
// then is whether it has come to rest, and whether its source has moved.
import type { Reconciling, ReconcilerConfirmOptions } from '../../../workflows/ports/reconciler.ts'
import type { ConfirmRequest, Confirmation, Io } from '../../../workflows/ports/target.ts'
import { kubeOf } from '../../kubernetes/client.ts'
import { defineProvider } from '../../provider.ts'
import { type Suspendable, look, observed, writing } from '../suspendable.ts'
import {
  FIELD,
  type FluxObject,
  type FluxSource,
  REQUESTED,
  notReady,
  patchFor,
  troubleOf,
  underWay,
  valueOf,
} from './object.ts'
import { SOURCES, rulesOf, spec, suspendedIn } from './schema.ts'

export const flux = defineProvider({
  spec,
  connect(config, deps) {
    const { namespace } = config
    const { kind, name } = suspendedIn(config)
    const of: Suspendable<FluxObject> = {
      provider: spec.id,
      kube: kubeOf(config, deps),
      place: `${kind.kind} ${namespace}/${name}`,
      path: `/apis/${kind.group}/${kind.version}/namespaces/${namespace}/${kind.resource}/${name}`,
      names: [`Flux ${kind.kind.toLowerCase()} ${namespace}/${name}`],
      field: FIELD,
      valueOf,
      // Another value than the one before is another request.
      patchFor: (object, desired) => ({
        patch: patchFor(object, desired),
        annotations: { [REQUESTED]: new Date(deps.now()).toISOString() },
      }),
      beside: ({ spec: { suspend: _suspend, ...rest } }) => rest,
      cautions: (object) => underWay(object).map((words) => `${words}: a suspension waits for its end`),
      facts: ({ status = {} }) => ({ applied: status.lastAppliedRevision ?? 'nothing' }),
      rules: rulesOf(config),
    }
    return {
      observe: async (target, io) => observed(of, await look(of, target, io)),
      ...writing(of),
      confirm: (request, io) => confirm(of, request, io),
    }
  },
})

async function confirm(
  of: Suspendable<FluxObject>,
  request: ConfirmRequest<Reconciling>,
  io: Io,
): Promise<Confirmation> {
  const { expects } = request.options as ReconcilerConfirmOptions
  const object = await look(of, request.target, io)
  const isSuspended = valueOf(object).suspended
  if (isSuspended !== request.desired.suspended)
    return { settled: false, lines: [`${of.place} is ${isSuspended ? '' : 'not '}suspended`] }
  const open = underWay(object)
  if (open.length > 0) return { settled: false, lines: open }
  if (!isSuspended) {
    const lines = notReady(object)
    if (lines.length > 0) return { settled: false, lines }
    const { lastAppliedRevision: applied } = object.status ?? {}
    return {
      settled: true,
      lines: [`${of.place} has gone on and is Ready${applied === undefined ? '' : `, with ${applied}`}`],
    }
  }
  if (expects === 'quiet')
    return { settled: true, lines: [`${of.place} is suspended, and its controller has come to rest`] }
  return await sourceMoved(of, object, { expects, io })
}

/** All that can be told beforehand: a source that has not moved still declares what was there before. */
async function sourceMoved(
  of: Suspendable<FluxObject>,
  object: FluxObject,
  { expects, io }: { expects: 'before' | 'after'; io: Io },
): Promise<Confirmation> {
  const applied = object.status?.lastAppliedRevision
  const { revision: source, trouble } = await sourceOf(of, object, io)
  const hasMoved = source !== null && applied !== undefined && source !== applied
  const words =
    source === null
      ? `${of.place} compares nothing while it is suspended: whether its declaration agrees is for a person to say`
      : hasMoved
        ? `its source has moved on from ${applied} to ${source}`
        : `its source is still at ${source}, and declares what was there before the run`
  const lines = hasMoved || trouble === null ? [words] : [words, trouble]
  return { settled: expects === 'before' || hasMoved, lines }
}

/** `trouble`: why it may have moved, and not be seen to. */
type Source = { revision: string | null; trouble: string | null }

const NONE: Source = { revision: null, trouble: null }

/** No revision where it has none that can be read: a HelmRelease, another kind. */
async function sourceOf(of: Suspendable<FluxObject>, object: FluxObject, io: Io): Promise<Source> {
  const ref = object.spec.sourceRef
  if (ref === undefined) return NONE
  const resource = { GitRepository: 'gitrepositories', OCIRepository: 'ocirepositories', Bucket: 'buckets' }[
    ref.kind
  ]
  if (resource === undefined) return NONE
  const namespace = ref.namespace ?? object.metadata.namespace ?? ''
  const path = `/apis/${SOURCES.group}/${SOURCES.version}/namespaces/${namespace}/${resource}/${ref.name}`
  const place = `${ref.kind} ${namespace}/${ref.name}`
  const doing = `reading ${place}, the source of ${of.place}`
  const source = await of.kube.get<FluxSource>({ path, doing }, io)
  return { revision: source.status?.artifact?.revision ?? null, trouble: troubleOf(source, place) }
}
