// States as Terraform writes them, after its format pages and the schemas of its providers: what is sensitive in them must appear nowhere.
import type { Json, JsonObject } from '../../../workflows/json.ts'

export const SECRET = 'hunter2-of-the-database'
export const LINEAGE = '6f0c2a0e-4c1f-7d3a-9b57-1d2f3a4b5c6d'

const spec = (old: number, fresh: number): JsonObject => ({
  rules: [
    {
      backendRefs: [
        { name: 'orders-v1', port: 80, weight: old },
        { name: 'orders-v2', port: 80, weight: fresh },
      ],
    },
  ],
})

export const ROUTE: JsonObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'orders', namespace: 'shop', annotations: { 'cutover.test/token': SECRET } },
  spec: spec(100, 0),
}

/** A state file: `resources` are put in as they are. */
export function stateFile(...resources: JsonObject[]): JsonObject {
  return {
    version: 4,
    terraform_version: '1.13.4',
    serial: 12,
    lineage: LINEAGE,
    outputs: { password: { value: SECRET, type: 'string', sensitive: true } },
    resources,
    check_results: null,
  }
}

type Of = { type: string; name: string; module?: string; mode?: string }

/** In a state file a value of any type stands beside its type. */
export function inFile(of: Of, attributes: JsonObject, more: JsonObject = {}): JsonObject {
  const { type, name, module, mode = 'managed' } = of
  return {
    ...(module === undefined ? {} : { module }),
    mode,
    type,
    name,
    provider: 'provider["registry.terraform.io/hashicorp/kubernetes"]',
    instances: [{ schema_version: 1, attributes, sensitive_attributes: [], private: 'bnVsbA==', ...more }],
  }
}

export const route = (more: JsonObject = {}): JsonObject =>
  inFile(
    { type: 'kubernetes_manifest', name: 'route', module: 'module.edge' },
    { manifest: { value: ROUTE, type: ['object', {}] }, object: { value: ROUTE, type: ['object', {}] } },
    more,
  )

/** What `terraform show -json` prints. */
export function shown(resources: JsonObject[], children: Json[] = []): JsonObject {
  return {
    format_version: '1.0',
    terraform_version: '1.13.4',
    values: {
      outputs: { password: { sensitive: true, value: SECRET } },
      root_module: { resources, child_modules: children },
    },
  }
}

/** In its child module, as it prints it. */
export const shownRoute = (sensitive: Json = {}): JsonObject => ({
  address: 'module.edge',
  resources: [
    {
      address: 'module.edge.kubernetes_manifest.route["eu"]',
      mode: 'managed',
      type: 'kubernetes_manifest',
      name: 'route',
      index: 'eu',
      provider_name: 'registry.terraform.io/hashicorp/kubernetes',
      schema_version: 1,
      values: { manifest: ROUTE, object: ROUTE },
      sensitive_values: sensitive,
    },
  ],
})
