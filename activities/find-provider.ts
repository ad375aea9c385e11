// A shipped provider by its id.
import type { Provider } from './provider.ts'
import { providers } from './providers.ts'

export function findProvider(id: string): Provider | undefined {
  return (providers as readonly unknown[] as readonly Provider[]).find((provider) => provider.spec.id === id)
}
