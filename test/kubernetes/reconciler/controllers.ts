// The controllers of Argo CD and Flux as far as it matters to a run: when they put back what is declared, and what they say of it. Each
// decides by the rules of the real one, named at its line; what they apply is a few objects.
import type { KubeObject, Kubernetes } from '../../../lab/servers/kubernetes.ts'
import { type Json, isObject, sameJson } from '../../../workflows/json.ts'

const TICK_MS = 100

/** What a repository says: objects as YAML, at a revision. A commit changes both. */
export interface Git {
  revision: string
  objects: { path: string; kind: string; name: string; namespace: string; manifest: object }[]
}

export interface Controller {
  /** How often it has put something back. */
  readonly applied: number
  /** Set: a sync that has begun waits for it. */
  hold: Promise<void> | null
  /** It stands still: what it is told is not read. */
  isStopped: boolean
  end(): Promise<void>
}

type Application = KubeObject & {
  metadata: { annotations?: Record<string, string> }
  spec: { syncPolicy?: { automated?: { enabled?: boolean; selfHeal?: boolean } } }
  operation?: object
  status?: { operationState?: { phase?: string; revision?: string } & object }
}

const REFRESH = 'argocd.argoproj.io/refresh'

/** Argo CD 3.5.7, controller/appcontroller.go. */
export function startArgoCd(kubernetes: Kubernetes, { path, git }: { path: string; git: Git }): Controller {
  let attempted = git.revision // alreadyAttemptedSync
  return ticking(async (self) => {
    const app = (await kubernetes.get(path)) as Application // of the cache: what follows rests on it, however old it gets
    const { revision } = git
    const resources = await Promise.all(
      git.objects.map(async ({ path: own, kind, name, namespace, manifest }) => {
        const isSynced = holds(await kubernetes.get(own), manifest)
        return { kind, name, namespace, version: 'v1', status: isSynced ? 'Synced' : 'OutOfSync' }
      }),
    )
    const isOut = resources.some(({ status }) => status === 'OutOfSync')
    const automated = app.spec.syncPolicy?.automated
    const isEnabled = automated !== undefined && automated.enabled !== false // IsAutomatedSyncEnabled
    const isNew = attempted !== revision
    const isAllowed = isNew || automated?.selfHeal === true
    const wasRefreshed = app.metadata.annotations?.[REFRESH] !== undefined
    if (isEnabled && app.operation === undefined && isOut && isAllowed) {
      const state = { operation: { sync: { revision } }, startedAt: new Date().toISOString() }
      await kubernetes.patch(path, {
        status: { operationState: { ...state, phase: 'Running', message: '' } },
      })
      await self.hold
      for (const { path: own, manifest } of git.objects)
        await kubernetes.patch(`${own}?fieldManager=argocd-controller&force=true`, JSON.stringify(manifest))
      self.applied += 1
      attempted = revision
      await kubernetes.patch(path, {
        status: { operationState: { ...state, phase: 'Succeeded', message: '' } },
      })
    }
    // persistReconciliationStatus: the annotation goes only if it was there when this look began
    await kubernetes.patch(path, {
      ...(wasRefreshed ? { metadata: { annotations: { [REFRESH]: null } } } : {}),
      status: {
        reconciledAt: new Date().toISOString(),
        resources,
        sync: {
          status: isOut ? 'OutOfSync' : 'Synced',
          revision,
          comparedTo: { destination: {}, source: { repoURL: 'https://git.example/orders' } },
        },
      },
    })
  })
}

type Kustomization = KubeObject & {
  metadata: { generation: number; annotations?: Record<string, string> }
  spec: { suspend?: boolean }
}

/** kustomize-controller 1.9.6, internal/controller/kustomization_controller.go; the source is at the revision of the repository. */
export function startFlux(
  kubernetes: Kubernetes,
  { path, source, git }: { path: string; source: string; git: Git },
): Controller {
  let published = ''
  return ticking(async (self) => {
    const { revision } = git
    if (published !== revision) {
      const artifact = {
        revision,
        digest: `sha256:${'0'.repeat(64)}`,
        lastUpdateTime: new Date().toISOString(),
        path: 'x',
        url: 'http://source.example/x',
      }
      await kubernetes.patch(`${source}/status`, { status: { artifact } })
      published = revision
    }
    const object = (await kubernetes.get(path)) as Kustomization
    const { generation, annotations = {} } = object.metadata
    const asked = annotations['reconcile.fluxcd.io/requestedAt']
    const handled = asked === undefined ? {} : { lastHandledReconcileAt: asked } // finalizeStatus, suspended or not
    if (object.spec.suspend === true)
      return void (await kubernetes.patch(`${path}/status`, { status: handled }))
    const at = { lastTransitionTime: new Date().toISOString(), observedGeneration: generation }
    const progressing = { ...at, reason: 'Progressing', message: 'Reconciliation in progress' }
    const isStale = await anyDiffers(kubernetes, git)
    if (isStale) {
      await kubernetes.patch(`${path}/status`, {
        status: {
          conditions: [
            { ...progressing, type: 'Ready', status: 'Unknown' },
            { ...progressing, type: 'Reconciling', status: 'True' },
          ],
        },
      })
      await self.hold
      for (const { path: own, manifest } of git.objects)
        await kubernetes.patch(
          `${own}?fieldManager=kustomize-controller&force=true`,
          JSON.stringify(manifest),
        )
      self.applied += 1
    }
    const ready = { ...at, type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded' }
    await kubernetes.patch(`${path}/status`, {
      status: {
        ...handled,
        observedGeneration: generation,
        lastAppliedRevision: revision,
        lastAttemptedRevision: revision,
        conditions: [{ ...ready, message: `Applied revision: ${revision}` }],
      },
    })
  })
}

async function anyDiffers(kubernetes: Kubernetes, { objects }: Git): Promise<boolean> {
  const looks = await Promise.all(
    objects.map(async ({ path, manifest }) => holds(await kubernetes.get(path), manifest)),
  )
  return looks.includes(false)
}

/** Everything that is declared is so; lists are compared item by item. */
function holds(live: unknown, declared: unknown): boolean {
  if (Array.isArray(declared))
    return Array.isArray(live) && declared.every((item, at) => holds(live[at], item))
  if (declared !== null && typeof declared === 'object' && isObject(declared as Json))
    return Object.entries(declared).every(([key, value]) =>
      holds((live as Record<string, unknown> | undefined)?.[key], value),
    )
  return live !== undefined && sameJson(live as Json, declared as Json)
}

function ticking(tick: (self: { applied: number; hold: Promise<void> | null }) => Promise<void>): Controller {
  const over = new AbortController()
  const self = { applied: 0, hold: null as Promise<void> | null, isStopped: false }
  const working = (async () => {
    while (!over.signal.aborted) {
      // A server that is frozen by a test, or an object that is gone: the next look tells.
      if (!self.isStopped) await tick(self).catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
  })()
  return Object.assign(self, {
    async end() {
      over.abort()
      await working
    },
  })
}
