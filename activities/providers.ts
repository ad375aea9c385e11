// The provider registry, online half: one line per provider, in the order of specs.ts.
import type { Provider } from './provider.ts'

const providers = [] as const satisfies readonly unknown[]

export function findProvider(id: string): Provider | undefined {
  return (providers as readonly unknown[] as readonly Provider[]).find((provider) => provider.spec.id === id)
}
