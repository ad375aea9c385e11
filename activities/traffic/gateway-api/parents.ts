// What the controllers of a route say of it: up to which generation each has read it, and what they refuse. Pure. A status that
// is up to date proves that a controller has read the route, never that traffic follows (0.07 s later in a mesh, or not at all).
import type { HttpRoute, ParentRef, ParentStatus } from './http-route.ts'

const NEEDED = ['Accepted', 'ResolvedRefs']

export interface Reading {
  /** The oldest generation that a controller has read last; null: none has said anything. */
  upTo: number | null
  /** `Gateway edge: generation 3`. */
  lines: string[]
  /** Conditions that are False for the present generation, in words. */
  refusals: Refusal[]
  /** Parents of which no controller speaks. */
  silent: string[]
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
  return {
    upTo: said.length === 0 ? null : Math.min(...said.map(({ read }) => read)),
    lines: said.map(({ name, read }) => `${name}: generation ${read}`),
    refusals: said.flatMap(({ name, entry }) =>
      refusalsIn(entry, generation).map(({ type, words }) => ({ type, words: `${name}: ${words}` })),
    ),
    silent: parents.flatMap(({ name, said: each }) => (each.length === 0 ? [name] : [])),
  }
}

/** A condition that is not there yet was not read. */
function readBy({ conditions = [] }: ParentStatus): number {
  return Math.min(
    ...NEEDED.map((type) => conditions.find((each) => each.type === type)?.observedGeneration ?? 0),
  )
}

function refusalsIn({ conditions = [] }: ParentStatus, generation: number): Refusal[] {
  return conditions
    .filter(
      ({ type, status, observedGeneration }) =>
        NEEDED.includes(type) && status !== 'True' && observedGeneration === generation,
    )
    .map(({ type, status, reason, message }) => ({
      type,
      words: `${type} is ${status}: ${[reason, message].filter((word) => word !== undefined && word !== '').join(': ')}`,
    }))
}

function isSame(one: ParentRef, other: ParentRef, namespace: string): boolean {
  const key = (ref: ParentRef): string =>
    [
      ref.group ?? 'gateway.networking.k8s.io',
      ref.kind ?? 'Gateway',
      ref.namespace ?? namespace,
      ref.name,
      ref.sectionName ?? '',
      ref.port ?? '',
    ].join('/')
  return key(one) === key(other)
}

function nameOf({ kind = 'Gateway', name, sectionName }: ParentRef): string {
  return `${kind} ${name}${sectionName === undefined ? '' : ` (${sectionName})`}`
}
