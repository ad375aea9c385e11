// Which route a connection means, in words, and what is refused there. Pure.
import type { FailureKind } from '../../../workflows/failure.ts'
import { failure } from '../../failure.ts'
import type { GatewayApiConfig } from './schema.ts'

export type Config = Pick<
  GatewayApiConfig,
  'kind' | 'route' | 'namespace' | 'rules' | 'old' | 'new' | 'shadow' | 'cohort'
>

export function placeOf({ kind, namespace, route }: Config): string {
  return `${kind} ${namespace}/${route}`
}

export function refuse(kind: FailureKind, config: Config, why: string): Error {
  return failure(kind, `${placeOf(config)}: ${why}`)
}
