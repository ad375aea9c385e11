// Where a step names connections, and of which port each must be. Reads raw content too: a mistake elsewhere in a step must not
// hide a wrong reference in it. Pure.
import type { Json } from '../json.ts'
import type { PortName } from '../ports/index.ts'
import type { FieldPath } from './kind.ts'
import { kindOf } from './kind-of.ts'
import type { StepKind } from './schemas.ts'
import { valuesAt } from './values-at.ts'

export type NamedConnection = { path: FieldPath; name: string; port: PortName }

export function connectionsIn({ kind, spec }: { kind: StepKind; spec: unknown }): NamedConnection[] {
  return Object.entries(kindOf({ kind }).connections).flatMap(([field, port]) =>
    valuesAt(spec as Json, field)
      .flatMap(({ path, value }) => (Array.isArray(value) ? itemsOf(path, value) : [{ path, value }]))
      .flatMap(({ path, value }) => (typeof value === 'string' ? [{ path, name: value, port }] : [])),
  )
}

/** The connections that a step itself is about; not those that it only asks. */
export function mainConnectionsIn(step: { kind: StepKind; spec: unknown }): NamedConnection[] {
  return connectionsIn(step).filter(({ path }) => path.filter(isField).length === 1)
}

function itemsOf(path: FieldPath, values: Json[]): { path: FieldPath; value: Json }[] {
  return values.map((value, index) => ({ path: [...path, index], value }))
}

function isField(part: FieldPath[number]): boolean {
  return typeof part === 'string'
}
