// An object of a reconciler that can be told to leave alone what it declares: looked at, and written over exactly what was looked at.
// Knows no reconciler; each says in its own words what suspends it.
import { type JsonObject, matches } from '../../workflows/json.ts'
import type { Reconciling, ReconcilerPort } from '../../workflows/ports/reconciler.ts'
import type { Io, Observed } from '../../workflows/ports/target.ts'
import { RECONCILING, SUSPENDED } from '../../workflows/ports/reconciler.ts'
import { failure } from '../failure.ts'
import { FIELD_MANAGER, type Kube, type KubeObject, type PatchOperation } from '../kubernetes/client.ts'
import { lookAndWrite, overtake, refuseOutdated, sendOver, tryOver, versionOf } from '../kubernetes/over.ts'
import { ownersOf, writerOf } from '../kubernetes/owners.ts'
import { permitted } from '../kubernetes/permits.ts'
import type { KubeRule } from '../provider.ts'

const MARK = 'cutover/suspended-by' // for people who look at the object; whether it is true, the owner of the field says

/** What a reconciler says of itself. */
export interface Suspendable<O extends KubeObject> {
  provider: string
  kube: Kube
  /** `Application argocd/orders`. */
  place: string
  path: string
  /** What it is called by the objects that it declares. */
  names: string[]
  /** The field that suspends it. */
  field: string[]
  /** Without who has suspended it. */
  valueOf(object: O): Reconciling
  /** How it becomes so; annotations that ask its controller to look are among it. */
  patchFor(object: O, desired: Reconciling): { patch: PatchOperation[]; annotations: Record<string, string> }
  /** What else it says and a run leaves alone. */
  beside(object: O): unknown
  cautions(object: O): string[]
  facts(object: O): JsonObject
  rules: KubeRule[]
}

export async function look<O extends KubeObject>(of: Suspendable<O>, target: string, io: Io): Promise<O> {
  if (target !== RECONCILING)
    throw failure('Missing', `${of.provider} has no target ${target}: it has ${RECONCILING} only`)
  return await of.kube.get<O>(
    { path: of.path, doing: `reading ${of.place} in cluster ${of.kube.cluster}` },
    io,
  )
}

export function observed<O extends KubeObject>(of: Suspendable<O>, object: O): Observed<Reconciling> {
  const value = valueIn(of, object)
  const writer = writerOf(object, of.field)
  const cautions = [
    ...(value.suspended && value.by === SUSPENDED.by
      ? ['it is suspended by an earlier run of cutover: let it go on before another one begins']
      : value.suspended
        ? [
            `it does not reconcile by itself${value.by === undefined ? '' : `, by ${value.by}`}: a run leaves that so`,
          ]
        : []),
    ...ownersOf(object, 'a suspension'),
    ...of.cautions(object),
  ]
  return {
    value,
    version: version(of, object, value),
    facts: { names: of.names, ...of.facts(object) },
    ...(writer === null ? {} : writer),
    ...(cautions.length === 0 ? {} : { cautions }),
  }
}

/** The mark says who, unless somebody else has written the field since: then that is who. */
export function valueIn<O extends KubeObject>(of: Suspendable<O>, object: O): Reconciling {
  const value = of.valueOf(object)
  if (!value.suspended) return value
  const other = writerOf(object, of.field)?.writer
  const isOurs = ownsField(object, of.field) && other === undefined
  const by = other ?? (isOurs ? (object.metadata.annotations?.[MARK] ?? SUSPENDED.by) : undefined)
  return by === undefined ? value : { ...value, by }
}

function ownsField({ metadata }: KubeObject, path: string[]): boolean {
  const own = (metadata.managedFields ?? []).filter(({ manager }) => manager === FIELD_MANAGER)
  const named = own.map((fields) => ({ ...fields, manager: 'anybody' }))
  return writerOf({ metadata: { ...metadata, managedFields: named } }, path) !== null
}

/** A status of Argo CD moves the generation: it is no part of what must not have changed. */
function version<O extends KubeObject>(of: Suspendable<O>, object: O, value: Reconciling): string {
  return versionOf({ ...object.metadata, generation: 0 }, value, of.beside(object))
}

export function writing<O extends KubeObject>(
  of: Suspendable<O>,
): Pick<ReconcilerPort, 'write'> & Required<Pick<ReconcilerPort, 'permits'>> {
  return {
    write: ({ target, desired, seen }, io) =>
      lookAndWrite(async () => {
        const object = await look(of, target, io)
        const stored = { kube: of.kube, object, path: of.path }
        const doing = `setting ${of.place} to ${JSON.stringify(desired)}`
        if (matches(valueIn(of, object), desired)) return await overtake(stored, of.place, io)
        refuseOutdated(seen, observed(of, object), doing)
        await sendOver(stored, { patch: patchOf(of, object, desired), doing }, io)
      }),
    async permits(target, io) {
      const words = await permitted(of.kube, of.rules, io)
      const object = await look(of, target, io)
      if (of.valueOf(object).suspended) return words
      const patch = patchOf(of, object, SUSPENDED)
      const doing = `trying to suspend ${of.place} without effect`
      await tryOver({ kube: of.kube, object, path: of.path }, { patch, doing }, io)
      return `${words}; its suspension was tried without effect`
    },
  }
}

function patchOf<O extends KubeObject>(
  of: Suspendable<O>,
  object: O,
  desired: Reconciling,
): PatchOperation[] {
  const { patch, annotations } = of.patchFor(object, desired)
  const by = desired.suspended ? { [MARK]: desired.by ?? FIELD_MANAGER } : {}
  const isMarked = object.metadata.annotations?.[MARK] !== undefined
  return [
    ...patch,
    ...annotationPatch(object, { ...annotations, ...by }),
    ...(isMarked && !desired.suspended ? [{ op: 'remove' as const, path: pointerOf(MARK) }] : []),
  ]
}

export function annotationPatch(
  { metadata }: KubeObject,
  annotations: Record<string, string>,
): PatchOperation[] {
  if (metadata.annotations === undefined)
    return [{ op: 'add', path: '/metadata/annotations', value: annotations }]
  return Object.entries(annotations).map(([name, value]) => ({ op: 'add', path: pointerOf(name), value }))
}

function pointerOf(annotation: string): string {
  return `/metadata/annotations/${annotation.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
