// The provider registry, online half: one line per provider, in the order of specs.ts.
import { command } from './capacity/command/index.ts'
import { prometheus } from './metrics/prometheus/index.ts'
import { webhook } from './notify/webhook/index.ts'
import { http } from './probe/http/index.ts'
import type { Provider } from './provider.ts'

const providers = [
  command,
  prometheus,
  http,
  webhook,
] as const satisfies readonly unknown[]

export function findProvider(id: string): Provider | undefined {
  return (providers as readonly unknown[] as readonly Provider[]).find((provider) => provider.spec.id === id)
}
