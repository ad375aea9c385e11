// What a runbook says about a route of the Gateway API, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { KubeName, clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { Counts } from '../counts.ts'
import { type KubeRule, type UsedTargets, defineSpec } from '../../provider.ts'
import { demandOneSign, toldBy } from '../told-by.ts'

const Backend = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/,
    'not a backend of a route: write the name of its backendRef, with :port where several have it',
  )

export const GatewayApiConfig = z
  .strictObject({
    ...kubernetesAccess,
    kind: z
      .enum(['HTTPRoute', 'GRPCRoute'])
      .default('HTTPRoute')
      .describe('What it is: gRPC is routed by either'),
    route: KubeName.describe('Name of the route'),
    rules: z
      .array(z.union([z.int().min(0), z.string().min(1).max(253)]))
      .min(1)
      .exactOptional()
      .describe(
        'The rules that are moved together, by name or by place (from 0); left out: the one that sends to both sides',
      )
      .meta({ examples: [['api', 2]] }),
    controllers: z
      .array(
        z
          .string()
          .max(253)
          .regex(/^[a-z0-9.-]+\/\S+$/, 'not a controller: write the controllerName of its GatewayClass'),
      )
      .min(1)
      .exactOptional()
      .describe(
        'Controllers that serve its users, by the `controllerName` of their GatewayClass; what others say in its status is not waited for. Left out: all that speak of its parents',
      )
      .meta({ examples: [['istio.io/gateway-controller']] }),
    old: Backend.describe(
      'Backend of the old side: the name of a backendRef, with :port where several have it',
    ),
    new: Backend.describe('Backend of the new side; its backendRef must be there, with weight 0'),
    shadow: Backend.exactOptional().describe(
      'Service that gets copies of requests, as name:port; needed for shadow steps',
    ),
    cohort: z
      .strictObject({
        ...toldBy,
        match: z
          .enum(['exact', 'expression'])
          .default('exact')
          .describe(
            'How values of a header are compared: `exact` is known to every controller and takes a match for each member; an expression (RE2) holds many. A cookie always takes an expression',
          ),
        to: Backend.exactOptional().describe(
          'Backend that members are led to: another Service to the pods of the new side, so that shares are counted among the others; left out: `new`',
        ),
      })
      .superRefine(demandOneSign)
      .exactOptional()
      .describe('For cohort steps: how members are told, and where they are led'),
    counts: Counts.describe(
      'How requests are counted: what proves that users have moved. A status only says that a controller has read the change',
    ),
  })
  .superRefine(demandOneAccess)
  .superRefine((config, context) => {
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    if (config.old === config.new) refuse(['new'], 'old and new are the same backend')
    if (config.cohort?.to === config.old) refuse(['cohort', 'to'], 'this is the old side')
    if (config.shadow !== undefined && !config.shadow.includes(':'))
      refuse(['shadow'], 'a mirror needs a port: write name:port')
    if (config.shadow !== undefined && config.counts.shadow === undefined)
      refuse(['counts'], 'copies cannot be proven: name a query for them in counts.shadow')
  })
export type GatewayApiConfig = z.infer<typeof GatewayApiConfig>

export const GROUP = 'gateway.networking.k8s.io'

export function resourceOf(kind: GatewayApiConfig['kind']): string {
  return kind === 'GRPCRoute' ? 'grpcroutes' : 'httproutes'
}

export function rulesOf(config: GatewayApiConfig, { changed }: UsedTargets): KubeRule[] {
  const { namespace, route, kind } = config
  const resource = resourceOf(kind)
  const verbs = changed.length === 0 ? ['get'] : ['get', 'patch']
  return [{ cluster: clusterOf(config), namespace, group: GROUP, resource, verbs, names: [route] }]
}

export const spec = defineSpec({
  id: 'traffic/gateway-api',
  port: 'traffic',
  summary: 'split, mirror and cohort by an HTTPRoute or GRPCRoute of Kubernetes, 0.01 %',
  config: GatewayApiConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '5s', // a write names the version that it is based on: once a later one is there, it cannot land any more
    showsWithin: '30s', // a controller that restarts has lists to read first; 0.1 s in a mesh that runs
    proof: 'requests counted by the queries of `counts`',
    weightStep: 0.01,
    mirror: true,
    cohort: 'rules of the route that match the header or cookie of its members',
    cautions: [
      'each request is drawn anew: a user may change sides with every one, so both sides must share the state of sessions; only a `sessionPersistence` that the controller knows keeps users, and then whatever the weights say',
      'that the controllers have read a change comes before the traffic follows: only the counted requests prove it',
      'whoever else declares the route (GitOps, Helm, a controller) may put its weights back',
      'requests are counted as the queries say: other routes to the same backends blur the proof',
    ],
  },
  locks: (config, target) => [
    `kubernetes ${clusterOf(config)} ${config.kind.toLowerCase()} ${config.namespace}/${config.route} ${[config.old, config.new].sort().join(' ')} ${target}`,
  ],
  rules: rulesOf,
})
