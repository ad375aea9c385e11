// The least that an account needs for a list of rules, as objects of Kubernetes: one Role and one RoleBinding for each namespace.
// Pure, offline half.
import type { KubeRule } from '../provider.ts'

/** Who the worker is to a cluster. */
export type Account =
  | { kind: 'ServiceAccount'; name: string; namespace: string }
  | { kind: 'User'; name: string }

export interface RoleSet {
  cluster: string
  namespace: string
  objects: RbacObject[]
}

export type RbacObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1'
  kind: 'Role' | 'RoleBinding'
  metadata: { name: string; namespace: string }
  rules?: PolicyRule[]
  roleRef?: object
  subjects?: object[]
}

type PolicyRule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }

export function rolesFor(
  rules: KubeRule[],
  { name, account }: { name: string; account: Account },
): RoleSet[] {
  const places = [...new Set(rules.map((rule) => JSON.stringify([rule.cluster, rule.namespace])))].toSorted()
  return places.map((place) => {
    const [cluster, namespace] = JSON.parse(place) as [string, string]
    const own = rules.filter((rule) => rule.cluster === cluster && rule.namespace === namespace)
    const metadata = { name, namespace }
    const apiVersion = 'rbac.authorization.k8s.io/v1'
    const subject = account.kind === 'User' ? { ...account, apiGroup: 'rbac.authorization.k8s.io' } : account
    return {
      cluster,
      namespace,
      objects: [
        { apiVersion, kind: 'Role', metadata, rules: merged(own) },
        {
          apiVersion,
          kind: 'RoleBinding',
          metadata,
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
          subjects: [subject],
        },
      ],
    }
  })
}

/** Rules that differ in their names only become one. */
function merged(rules: KubeRule[]): PolicyRule[] {
  const found = new Map<string, PolicyRule>()
  for (const { group, resource, verbs, names } of rules) {
    const key = JSON.stringify([group, resource, verbs.toSorted(), names === undefined])
    const there = found.get(key)
    if (there?.resourceNames !== undefined)
      there.resourceNames = [...new Set([...there.resourceNames, ...(names ?? [])])].toSorted()
    if (there !== undefined) continue
    const resourceNames = names === undefined ? {} : { resourceNames: [...names] }
    found.set(key, { apiGroups: [group], resources: [resource], ...resourceNames, verbs: verbs.toSorted() })
  }
  return [...found.values()]
}
