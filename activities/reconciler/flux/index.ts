// Suspends a Kustomization or HelmRelease, and lets it go on. While it is suspended its controller compares nothing: what can be known
// then is whether it has come to rest, and whether its source has moved.
import {
  type Reconciling,
  type ReconcilerConfirmOptions,
  SUSPENDED,
} from '../../../workflows/ports/reconciler.ts'
import type { ConfirmRequest, Confirmation, Io } from '../../../workflows/ports/target.ts'
import { kubeOf } from '../../kubernetes/client.ts'
import { defineProvider } from '../../provider.ts'
import { type Suspendable, look, observed, valueIn, writing } from '../suspendable.ts'
import {
  FIELD,
  type FluxObject,
  REQUESTED,
  madeFrom,
  notGoneOn,
  patchFor,
  underWay,
  underWaySince,
  valueOf,
} from './object.ts'
import { rulesOf, spec, suspendedIn } from './schema.ts'
import { sourceOf } from './source.ts'

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
      facts: (object) => ({ applied: madeFrom(object) ?? 'nothing' }),
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
  if (!isSuspended) {
    const lines = notGoneOn(object)
    if (lines.length > 0) return { settled: false, lines }
    const applied = madeFrom(object)
    return {
      settled: true,
      lines: [`${of.place} has gone on and is Ready${applied === undefined ? '' : `, with ${applied}`}`],
    }
  }
  const isOurs = valueIn(of, object).by === SUSPENDED.by
  const lines = isOurs ? underWaySince(object) : underWay(object)
  if (lines.length > 0) return { settled: false, lines }
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
  const applied = madeFrom(object)
  const source = await sourceOf(of, object, io)
  const revision = source?.revision
  const hasMoved = revision !== undefined && applied !== undefined && revision !== applied
  const words =
    source === null || revision === undefined
      ? `${of.place} compares nothing while it is suspended: whether its declaration agrees is for a person to say`
      : hasMoved
        ? `its ${source.word} has moved on from ${applied} to ${revision}`
        : `its ${source.word} is still at ${revision}, ${source.still}`
  const trouble = source?.trouble ?? null
  const lines = hasMoved || trouble === null ? [words] : [words, trouble]
  return { settled: expects === 'before' || hasMoved, lines }
}
