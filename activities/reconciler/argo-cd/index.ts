// Suspends the automated sync of an Application, and lets it go on. What its controller has read and compared is asked of it, by the
// annotation that it consumes.
import type { ReconcilerConfirmOptions } from '../../../workflows/ports/reconciler.ts'
import type { ConfirmRequest, Confirmation, Io } from '../../../workflows/ports/target.ts'
import type { Reconciling } from '../../../workflows/ports/reconciler.ts'
import { kubeOf } from '../../kubernetes/client.ts'
import { sendOver } from '../../kubernetes/over.ts'
import { defineProvider } from '../../provider.ts'
import { kindOf } from '../../failure.ts'
import { type Suspendable, annotationPatch, look, observed, writing } from '../suspendable.ts'
import {
  type Application,
  FIELD,
  REFRESH,
  differences,
  patchFor,
  revisionOf,
  underWay,
  valueOf,
} from './application.ts'
import { GROUP, rulesOf, spec } from './schema.ts'

const ASK_EVERY_MS = 60_000 // by itself its controller asks Git every few minutes; more often would load every repository of it
const NORMAL = { [REFRESH]: 'normal' }

export const argoCd = defineProvider({
  spec,
  connect(config, deps) {
    const { namespace, application } = config
    const of: Suspendable<Application> = {
      provider: spec.id,
      kube: kubeOf(config, deps),
      place: `Application ${namespace}/${application}`,
      path: `/apis/${GROUP}/v1alpha1/namespaces/${namespace}/applications/${application}`,
      names: [`Argo CD application ${application}`, `Argo CD application ${namespace}_${application}`],
      field: FIELD,
      valueOf,
      patchFor: (object, desired) => ({ patch: patchFor(object, desired), annotations: NORMAL }),
      beside: ({ spec: { syncPolicy: { automated: _automated, ...policy } = {}, ...rest } }) => ({
        ...rest,
        policy,
      }),
      cautions: cautionsOf,
      facts: ({ status = {} }) => ({ sync: status.sync?.status ?? 'Unknown' }),
      rules: rulesOf(config),
    }
    return {
      observe: async (target, io) => observed(of, await look(of, target, io)),
      ...writing(of),
      confirm: (request, io) => confirm(of, request, { io, nowMs: deps.now() }),
    }
  },
})

function cautionsOf({ status, operation }: Application): string[] {
  const phase = status?.operationState?.phase
  const isBusy = operation !== undefined || phase === 'Running'
  return [
    ...(isBusy ? ['a sync of it is under way: a suspension waits for its end'] : []),
    ...(status?.sync?.status === 'Synced' ? [] : [`it is ${status?.sync?.status ?? 'Unknown'} already`]),
  ]
}

type Looking = { io: Io; nowMs: number }

async function confirm(
  of: Suspendable<Application>,
  request: ConfirmRequest<Reconciling>,
  { io, nowMs }: Looking,
): Promise<Confirmation> {
  const { expects, objects } = request.options as ReconcilerConfirmOptions
  const object = await look(of, request.target, io)
  const open = underWay(object)
  if (expects === 'quiet') {
    const isQuiet = open.length === 0 && valueOf(object).suspended
    return {
      settled: isQuiet,
      lines: isQuiet ? [`${of.place} is suspended, and no sync is under way`] : open,
    }
  }
  // Only a comparison that was asked for after the run's last change says anything of it.
  const asked = Number(request.memory?.['asked'] ?? 0)
  const wanted = differences(object, objects)
  const isFresh = asked > 0 && open.length === 0
  if (isFresh && wanted.length === 0 && valueOf(object).suspended === request.desired.suspended)
    return {
      settled: true,
      lines: [`${of.place}: what is live is what is declared, ${revisionOf(object.status?.sync ?? {})}`],
    }
  const isDue = nowMs - asked >= ASK_EVERY_MS && object.metadata.annotations?.[REFRESH] === undefined
  const isAsked = isDue && (await ask(of, object, io))
  return {
    settled: false,
    lines: isFresh ? wanted : [`${of.place} is asked to compare`, ...open],
    memory: { asked: isAsked ? nowMs : asked },
  }
}

/** As `argocd app get --refresh` does; its controller looks, and syncs nothing that it would not sync anyway. */
async function ask(of: Suspendable<Application>, object: Application, io: Io): Promise<boolean> {
  const doing = `asking for a comparison of ${of.place}`
  const patch = annotationPatch(object, NORMAL)
  try {
    await sendOver({ kube: of.kube, object, path: of.path }, { patch, doing }, io)
    return true
  } catch (error) {
    if (kindOf(error) !== null) throw error
    return false // its status was written in between: the next look asks
  }
}
