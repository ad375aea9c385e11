// The providers a worker knows: the shipped ones and those of the packages in CUTOVER_PROVIDERS, as one registry. What the
// offline half refuses is refused before anything is connected.
import { type Registry, shippedProviders } from '../activities/connect.ts'
import { UnusablePackage, installedSpecs, listOf } from '../activities/installed.ts'
import type { Provider } from '../activities/provider.ts'

/** Raises UnusablePackage: a package is not there, is none of providers, or its two halves do not fit. */
export async function installedProviders(packages: readonly string[]): Promise<Registry> {
  const specs = await installedSpecs(packages)
  const added = new Map<string, Provider>()
  for (const name of packages) {
    for (const provider of await listOf<Provider>(name, 'providers')) {
      const id = provider?.spec?.id
      if (typeof provider?.connect !== 'function' || !specs.some((spec) => spec.id === id))
        throw new UnusablePackage(
          `${name}: a provider ${id ?? '(without id)'} has no connect, or its spec is not in ${name}/specs`,
          'export it with defineProvider({ spec, connect }), and the same spec from both',
        )
      added.set(id, provider)
    }
  }
  const offline = specs.filter(({ id }) => shippedProviders.find(id) === undefined && !added.has(id))
  if (offline.length > 0)
    throw new UnusablePackage(
      `a spec without a provider: ${offline.map(({ id }) => id).join(', ')}`,
      'export the provider from the package itself',
    )
  return {
    find: (id) => added.get(id) ?? shippedProviders.find(id),
    known: () => specs.map(({ id }) => id),
  }
}
