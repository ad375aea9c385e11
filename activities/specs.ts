// The provider registry, offline half: one line per provider. Read by the CLI to check runbooks; holds no clients.
import { spec as command } from './capacity/command/schema.ts'
import { spec as prometheus } from './metrics/prometheus/schema.ts'
import { spec as webhook } from './notify/webhook/schema.ts'
import { spec as http } from './probe/http/schema.ts'
import type { ProviderSpec } from './provider.ts'

export const specs = [
  command,
  prometheus,
  http,
  webhook,
] as const satisfies readonly unknown[]

/** The spec of a provider id such as `traffic/haproxy`. */
export function findSpec(id: string): ProviderSpec | undefined {
  return (specs as readonly unknown[] as readonly ProviderSpec[]).find((spec) => spec.id === id)
}
