// The provider registry, offline half: one line per provider. Read by the CLI to check runbooks; holds no clients.
import type { ProviderSpec } from './provider.ts'

export const specs = [] as const satisfies readonly unknown[]

/** The spec of a provider id such as `traffic/haproxy`. */
export function findSpec(id: string): ProviderSpec | undefined {
  return (specs as readonly unknown[] as readonly ProviderSpec[]).find((spec) => spec.id === id)
}
