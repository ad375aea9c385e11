// What the controllers of a route say of it: up to which generation each has read it, and what they refuse. Pure. A status that
// is up to date proves that a controller has read the route, never that traffic follows (0.07 s later in a mesh, or not at all).
import type { HttpRoute, ParentRef, ParentStatus } from './http-route.ts'

const NEEDED = ['Accepted', 'ResolvedRefs']

export interface Reading {
  /** The oldest generation that a controller has read last; null: none has said so. */
  upTo: number | null
  /** `Gateway edge: generation 3`. */
  lines: string[]
  /** Who has not read the present generation, in words, and what to do where it may be gone. */
  late: string[]
  /** Conditions that are False for the present generation, in words. */
  refusals: Refusal[]
  /** Parents of which no controller speaks. */
  silent: string[]
  /** Controllers that do not say which generation they have read (Linkerd's): of them only counted requests tell anything. */
  undated: string[]
}

export type Refusal = { type: string; words: string }

/**
 * Entries of parents that the route names no more are nobody's word: many controllers leave them behind. One of a parent that it does
 * name counts, whoever wrote it: a Service may have several meshes, and whether a Gateway is still this controller's stands in other
 * objects. `controllers`: whose word counts, where somebody has said so.
 */
export function readingOf(
  { kind, spec, status, metadata: { name: route, generation = 0, namespace = '' } }: HttpRoute,
  controllers?: readonly string[],
): Reading {
  const entries = (status?.parents ?? []).filter(
    (entry) =>
      speaks(entry) && (controllers === undefined || controllers.includes(entry.controllerName ?? '')),
  )
  const parents = (spec.parentRefs ?? []).map((ref) => ({
    name: nameOf(ref),
    said: entries.filter(({ parentRef }) => isSame(parentRef, ref, namespace)),
  }))
  const said = parents.flatMap(({ name, said: each }) =>
    each.map((entry) => ({ name, entry, read: readBy(entry) })),
  )
  const dated = said.flatMap(({ read }) => (read === null ? [] : [read]))
  const isCurrent = ({ read }: (typeof said)[number]): boolean => read !== null && read >= generation
  return {
    upTo: dated.length === 0 ? null : Math.min(...dated),
    lines: said.map(
      ({ name, read }) => `${name}: ${read === null ? 'of no generation' : `generation ${read}`}`,
    ),
    late: said
      .filter((each) => each.read !== null && !isCurrent(each))
      .map(({ name, entry, read }) => {
        const words = `${controllerOf(entry)} of ${name} has read generation ${read} of ${generation}`
        const isAlone = !said.some((each) => each.name === name && isCurrent(each))
        return isAlone
          ? words
          : `${words}, while another controller of it has read the present one: ${goneWords({ kind, route, namespace })}`
      }),
    refusals: said.flatMap(({ name, entry }) =>
      refusalsIn(entry, generation).map(({ type, words }) => ({ type, words: `${name}: ${words}` })),
    ),
    silent: parents.flatMap(({ name, said: each }) => (each.length === 0 ? [name] : [])),
    undated: said.flatMap(({ entry, name, read }) =>
      read === null ? [`${controllerOf(entry)} of ${name}`] : [],
    ),
  }
}

function goneWords(of: { kind: unknown; route: string; namespace: string }): string {
  const object = `${String(of.kind ?? 'HTTPRoute').toLowerCase()} ${of.route} -n ${of.namespace}`
  return `if it is gone, take its entry out of status.parents (kubectl edit ${object} --subresource=status) or name those that serve users in controllers`
}

/** Some write of a parent only which policies there are, or leave an entry empty: they have not read the route as one to be served. */
function speaks({ conditions = [] }: ParentStatus): boolean {
  return conditions.some(({ type }) => NEEDED.includes(type))
}

/** Null: it says of no generation that it was read. A condition that a controller never writes is not waited for. */
function readBy({ conditions = [] }: ParentStatus): number | null {
  const generations = conditions
    .filter(({ type }) => NEEDED.includes(type))
    .map(({ observedGeneration = 0 }) => observedGeneration)
  return generations.every((each) => each === 0) ? null : Math.min(...generations)
}

function controllerOf({ controllerName }: ParentStatus): string {
  return controllerName ?? 'the controller'
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
