// Which VirtualService a connection means, in words, and what is refused there. Pure.
import type { FailureKind } from '../../../workflows/failure.ts'
import { failure } from '../../failure.ts'
import type { Sides } from '../parts.ts'
import { nameOf } from './destination.ts'
import type { IstioConfig } from './schema.ts'

export type Config = Pick<
  IstioConfig,
  'virtual_service' | 'namespace' | 'routes' | 'old' | 'new' | 'shadow' | 'cohort'
>

export function placeOf({ namespace, virtual_service: name }: Config): string {
  return `VirtualService ${namespace}/${name}`
}

export function namesOf({ old, new: fresh }: Config): Sides<string> {
  return { old: nameOf(old), new: nameOf(fresh) }
}

export function refuse(kind: FailureKind, config: Config, why: string): Error {
  return failure(kind, `${placeOf(config)}: ${why}`)
}
