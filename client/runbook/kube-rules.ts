// What a plan needs to be allowed in Kubernetes: the rules of each of its connections, for the targets that it changes and those
// that it only looks at. Pure; the same rules are what a worker asks for when a plan is tried.
import type { KubeRule, ProviderSpec } from '../../activities/provider.ts'
import type { Plan } from '../../workflows/plan.ts'
import { targetsToLookAt } from './preview.ts'

export function kubeRulesOf(plan: Plan, specs: readonly ProviderSpec[]): KubeRule[] {
  const looked = targetsToLookAt(plan)
  return Object.entries(plan.connections).flatMap(([name, { provider, config }]) => {
    const spec = specs.find(({ id }) => id === provider)
    const own = (targets: readonly { connection: string; target: string }[]): string[] =>
      targets.filter(({ connection }) => connection === name).map(({ target }) => target)
    return spec?.rules?.(config, { changed: own(plan.targets), looked: own(looked) }) ?? []
  })
}
