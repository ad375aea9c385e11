// What the controllers of a route say of it: up to which generation each has read it, and what they refuse. Pure. A status that
// is up to date proves that a controller has read the route, never that traffic follows (0.07 s later in a mesh, or not at all).
import type { HttpRoute, ParentRef, ParentStatus } from './http-route.ts'

const NEEDED = ['Accepted', 'ResolvedRefs']

export interface Reading {
  /** The oldest generation that a controller has read last; null: none has said so. */
  upTo: number | null
  /** `Gateway edge: generation 3`. */
  lines: string[]
  /** Conditions that are False for the present generation, in words. */
  refusals: Refusal[]
  /** Parents of which no controller speaks. */
  silent: string[]
  /** Controllers that do not say which generation they have read (Linkerd's): of them only counted requests tell anything. */
  undated: string[]
}

export type Refusal = { type: string; words: string }

export function readingOf({
  spec,
  status,
  metadata: { generation = 0, namespace = '' },
}: HttpRoute): Reading {
  const parents = (spec.parentRefs ?? []).map((ref) => ({
    name: nameOf(ref),
    said: (status?.parents ?? []).filter(({ parentRef }) => isSame(parentRef, ref, namespace)),
  }))
  const said = parents.flatMap(({ name, said: each }) =>
    each.map((entry) => ({ name, entry, read: readBy(entry) })),
  )
  const dated = said.flatMap(({ read }) => (read === null ? [] : [read]))
  return {
    upTo: dated.length === 0 ? null : Math.min(...dated),
    lines: said.map(
      ({ name, read }) => `${name}: ${read === null ? 'of no generation' : `generation ${read}`}`,
    ),
    refusals: said.flatMap(({ name, entry }) =>
      refusalsIn(entry, generation).map(({ type, words }) => ({ type, words: `${name}: ${words}` })),
    ),
    silent: parents.flatMap(({ name, said: each }) => (each.length === 0 ? [name] : [])),
    undated: said.flatMap(({ entry, name, read }) =>
      read === null ? [`${entry.controllerName ?? 'the controller'} of ${name}`] : [],
    ),
  }
}

/** A condition that is not there yet was not read; null: those that are there say of no generation that it was. */
function readBy({ conditions = [] }: ParentStatus): number | null {
  const found = NEEDED.map((type) => conditions.find((each) => each.type === type))
  if (found.every((each) => each !== undefined && (each.observedGeneration ?? 0) === 0)) return null
  return Math.min(...found.map((each) => each?.observedGeneration ?? 0))
}

function refusalsIn({ conditions = [] }: ParentStatus, generation: number): Refusal[] {
  return conditions
    .filter(
      ({ type, status, observedGeneration }) =>
        NEEDED.includes(type) && status !== 'True' && (observedGeneration ?? generation) === generation,
    )
    .map(({ type, status, reason, message }) => ({
      type,
      words: `${type} is ${status}: ${[reason, message].filter((word) => word !== undefined && word !== '').join(': ')}`,
    }))
}

function isSame(one: ParentRef, other: ParentRef, namespace: string): boolean {
  const key = (ref: ParentRef): string =>
    [
      groupOf(ref),
      ref.kind ?? 'Gateway',
      ref.namespace ?? namespace,
      ref.name,
      ref.sectionName ?? '',
      ref.port ?? '',
    ].join('/')
  return key(one) === key(other)
}

/** The core group has no name, and Linkerd writes it out. */
function groupOf({ group = 'gateway.networking.k8s.io' }: ParentRef): string {
  return group === 'core' ? '' : group
}

function nameOf({ kind = 'Gateway', name, sectionName }: ParentRef): string {
  return `${kind} ${name}${sectionName === undefined ? '' : ` (${sectionName})`}`
}
